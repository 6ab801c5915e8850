// installation.mjs - asking the dashboard of an installation that tests/stack
// has started.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';

export class Installation {
	constructor(directory) {
		this.env = Object.fromEntries(
			fs.readFileSync(`${directory}/env`, 'utf8')
				.split('\n').filter(Boolean)
				.map((line) => line.match(/^(\w+)='(.*)'$/).slice(1)));
		this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
	}

	async login() {
		const answer = await fetch(`${this.env.BASE_URL}/api/v1/auth/login`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ email: this.env.ADMIN_EMAIL,
				password: this.env.ADMIN_PASSWORD }),
		});

		this.token = (await answer.json()).token;
	}

	sql(text) {
		return execFileSync('mariadb', ['--no-defaults', '-uroot',
			'-S', this.env.MYSQL_SOCKET, 'llm_gateway', '--batch',
			'--skip-column-names', '-e', text],
		{ encoding: 'utf8', maxBuffer: 1 << 26 }).trim();
	}

	// One of each kind, as addresses() wants them.
	ids() {
		const [alias, key, model, project, provider, request] = this.sql(
			`SELECT (SELECT MAX(id) FROM aliases),
			(SELECT MIN(id) FROM gateway_keys),
			(SELECT MIN(id) FROM models), (SELECT MIN(id) FROM projects),
			(SELECT MIN(id) FROM providers), (SELECT request_id FROM requests
				WHERE organisation_id = (SELECT organisation_id
					FROM projects ORDER BY id LIMIT 1)
				ORDER BY started_ms DESC LIMIT 1)`).split('\t');

		return { alias, key, model, operation: 'createChatCompletion', project,
			provider, request };
	}

	// As a browser asks: the times are in ms, the bytes those on the wire,
	// with the head. With firstPiece, the answer is cut after it.
	get(path, { html = true, firstPiece = false, gzip = true } = {}) {
		return new Promise((resolve, reject) => {
			const began = performance.now();
			const request = http.get(new URL(path, this.env.BASE_URL), {
				agent: firstPiece ? undefined : this.agent,
				headers: {
					accept: html ? 'text/html' : 'application/json',
					authorization: `Bearer ${this.token}`,
					...gzip ? { 'accept-encoding': 'gzip' } : {},
				},
			}, (answer) => {
				const parts = [];
				const end = () => resolve({
					status: answer.statusCode,
					ms: performance.now() - began,
					body: Buffer.concat(parts),
					bytes: Buffer.concat(parts).length +
						answer.rawHeaders.join('').length +
						2 * answer.rawHeaders.length + 20,
				});

				answer.on('data', (part) => {
					parts.push(part);
					if (firstPiece) {
						end();
						request.destroy();
					}
				});
				answer.on('end', end);
				answer.on('error', reject);
			});

			request.on('error', reject);
		});
	}
}
