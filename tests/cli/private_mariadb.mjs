// private_mariadb.mjs - a MariaDB of a test's own, in its folder, with the
// empty database llm_gateway.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const asRoot = process.getuid() === 0 ? ['--user=root'] : [];

export class PrivateMariadb {
	constructor(folder) {
		this.folder = folder;
		this.data = `--datadir=${path.join(folder, 'data')}`;
		this.socket = path.join(folder, 'socket');
	}

	// With what it had before; WORDS are mariadbd's. Another one that starts
	// removes what it finds in a common folder for temporary files.
	async start(...words) {
		if (!fs.existsSync(path.join(this.folder, 'data')))
			this.install();
		this.server = spawn('mariadbd', ['--no-defaults', this.data, `--socket=${this.socket}`,
			`--tmpdir=${this.folder}`, '--innodb-buffer-pool-size=32M', '--innodb-log-file-size=16M', ...asRoot, ...words],
		{ stdio: 'ignore' });
		for (let i = 0; ; i++) {
			const made = spawnSync('mariadb', ['--no-defaults', '-uroot', '-S', this.socket,
				'-e', 'CREATE DATABASE IF NOT EXISTS llm_gateway']);
			if (made.status === 0)
				break;
			assert.ok(i < 300 && this.server.exitCode === null, 'MariaDB did not start');
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}

	// --force: also where the machine's name cannot be looked up.
	install() {
		const install = spawnSync('mariadb-install-db', ['--no-defaults', '--force', this.data,
			'--auth-root-authentication-method=normal', '--skip-test-db', ...asRoot],
		{ encoding: 'utf8', env: { ...process.env, TMPDIR: this.folder } });
		assert.equal(install.status, 0, install.stdout + install.stderr);
	}

	// At once.
	async stop() {
		if (!this.server || this.server.exitCode !== null || this.server.signalCode)
			return;
		const ended = new Promise((resolve) => this.server.once('exit', resolve));
		this.server.kill('SIGKILL');
		await ended;
	}

	sql(text) {
		const result = spawnSync('mariadb', ['--no-defaults', '-uroot', '-S', this.socket,
			'--batch', '--skip-column-names', '-e', text, 'llm_gateway'], { encoding: 'utf8' });
		assert.equal(result.status, 0, result.stderr);
		return result.stdout.trimEnd();
	}
}
