// second_host.mjs - a second "machine" in place of the stack's second
// process: a gateway with a name, a journal and a memory of its own, behind
// the same web server. The two share the database and nothing else.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { program, until } from './stack.mjs';

export class SecondHost {
	async start(stack) {
		const pid = Number(stack.env.GATEWAY_PIDS.split(' ')[1]);
		const [, sockets] = fs.readFileSync(stack.env.CONFIG, 'utf8')
			.match(/^listen = unix:(.*)\/gateway-1$/m);

		this.stack = stack;
		this.socket = `${sockets}/gateway-2`;
		this.folder = fs.mkdtempSync(
			path.join(os.tmpdir(), 'second-host-'));
		for (const name of ['state', 'hot'])
			fs.mkdirSync(path.join(this.folder, name));
		process.kill(pid, 'SIGTERM');
		await until(() => !isAlive(pid), 'the process to end');
		await this.startAgain();
	}

	async startAgain() {
		const { stack, folder } = this;
		const sets = { 'server.host_name': 'second',
			'server.state_dir': path.join(folder, 'state'),
			'server.hot_dir': path.join(folder, 'hot') };
		const log = fs.openSync(
			path.join(stack.folder, 'logs', 'second.log'), 'a');

		fs.rmSync(this.socket, { force: true });
		this.process = spawn(program, ['serve',
			'--config', stack.env.CONFIG,
			'--listen', `unix:${this.socket}`,
			...Object.entries(sets).flatMap(([name, value]) =>
				['--set', `${name}=${value}`])],
		{ stdio: ['ignore', log, log] });
		fs.closeSync(log);
		await until(() => fs.existsSync(this.socket), 'the second host');
	}

	// `how` is the signal that ends it.
	async stop(how = 'SIGTERM') {
		this.process.kill(how);
		await until(() => this.process.exitCode !== null ||
			this.process.signalCode !== null, 'the second host to end');
	}

	async remove() {
		if (this.process)
			await this.stop();
		if (this.folder)
			fs.rmSync(this.folder, { recursive: true });
	}
}

export function isAlive(pid) {
	try {
		return !/^State:\s+Z/m.test(fs.readFileSync(
			`/proc/${pid}/status`, 'utf8'));
	} catch {
		return false;
	}
}

// What each host holds of a key's daily budget, spent or not, in pico-dollars:
// { host: granted }.
export async function granted(stack, keyId) {
	const rows = await stack.sql(
		'SELECT l.host, l.granted_picousd FROM budget_leases l ' +
		'JOIN budgets b ON b.id = l.budget_id WHERE ' +
		`b.scope_kind = 'key' AND b.scope_id = ${Number(keyId)}`);

	return Object.fromEntries(rows.map(([host, picousd]) =>
		[host, BigInt(picousd)]));
}
