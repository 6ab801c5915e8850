// pool_hosts.mjs - simulators of a test's own, each a machine with models.
//
//	const host = new Host('a', ['llama3', 'qwen3']);
//	await host.start();
//	host.url
//	await host.die();    // and start() brings it back, at the same address
//	await host.answer(); // the next chat it gets is answered with its name

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import { program } from './stack.mjs';
import { call } from './wire.mjs';

const simulator = path.join(path.dirname(program), 'simulator');

// Should the test end early.
const running = new Set();

process.on('exit', () => {
	for (const child of running)
		child.kill('SIGKILL');
});

export class Host {
	constructor(name, models) {
		this.name = name;
		this.models = models;
		this.port = 0;
	}

	get url() {
		return `http://127.0.0.1:${this.port}`;
	}

	async start() {
		const child = spawn(simulator,
			['--listen', `127.0.0.1:${this.port}`,
				'--models', this.models.join(',')],
			{ stdio: ['ignore', 'pipe', 'inherit'] });

		running.add(child);
		child.once('exit', () => running.delete(child));
		this.process = child;
		const [line] = await once(child.stdout, 'data');


		this.port = Number(/:(\d+)\s*$/.exec(line)[1]);
	}

	async die() {
		if (!this.isUp)
			return;
		this.process.kill('SIGKILL');
		await once(this.process, 'exit');
	}

	get isUp() {
		return running.has(this.process);
	}

	async setModels(models) {
		this.models = models;
		await this.control('models', { models });
	}

	answer() {
		return this.control('play', { status: 200,
			headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ model: 'x',
				created_at: '2026-11-21T00:00:00Z',
				message: { role: 'assistant', content: this.name },
				done: true, done_reason: 'stop',
				prompt_eval_count: 1, eval_count: 1 }) });
	}

	async control(where, body) {
		const answer = await call(`${this.url}/_simulator/${where}`, {
			method: 'POST', body: JSON.stringify(body),
			headers: { 'content-type': 'application/json' } });

		assert.equal(answer.status, 200, answer.text);
	}
}
