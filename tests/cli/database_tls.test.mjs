// database_tls.test.mjs - a MariaDB on another machine is reached through TLS
// or not at all.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { freePort, makeCertificate } from '../conversations/mail_server.mjs';
import { program, root, run, until } from '../conversations/stack.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'database-tls-'));
const data = path.join(folder, 'data');
const socket = path.join(folder, 'socket');
const asRoot = process.getuid() === 0 ? ['--user=root'] : [];
const sizes = ['--innodb-buffer-pool-size=32M', '--innodb-log-file-size=16M',
	'--innodb-use-native-aio=0'];
const { file, keyFile } = makeCertificate(folder);
const other = makeCertificate(fs.mkdtempSync(path.join(folder, 'other-')));
let server, port, log = '';

const ours = () => ({ 'database.socket': '', 'database.host': '127.0.0.1',
	'database.port': port, 'database.user': 'gateway',
	'database.tls': 'yes', 'database.ca_file': file });

before(async () => {
	const made = spawnSync('mariadb-install-db', ['--no-defaults', '--force',
		`--datadir=${data}`, '--skip-test-db', '--skip-name-resolve',
		'--auth-root-authentication-method=normal', ...asRoot, ...sizes],
	{ env: { ...process.env, TMPDIR: folder }, encoding: 'utf8' });

	assert.equal(made.status, 0, made.stdout + made.stderr);
	await startServer('--ssl-cert', file, '--ssl-key', keyFile, '--ssl-ca',
		file);
	sql(`CREATE DATABASE llm_gateway CHARACTER SET utf8mb4;
		CREATE USER gateway@127.0.0.1 IDENTIFIED BY 'word' REQUIRE SSL;
		CREATE USER shown@127.0.0.1 IDENTIFIED BY 'word' REQUIRE X509;
		GRANT ALL PRIVILEGES ON llm_gateway.* TO gateway@127.0.0.1;
		GRANT ALL PRIVILEGES ON llm_gateway.* TO shown@127.0.0.1;`);
}, { timeout: 120000 });
after(async () => {
	await stopServer();
	fs.rmSync(folder, { recursive: true });
});

async function startServer(...words) {
	port = await freePort();
	server = spawn('mariadbd', ['--no-defaults', ...asRoot, ...sizes,
		`--datadir=${data}`, `--socket=${socket}`, `--port=${port}`,
		'--bind-address=127.0.0.1,127.0.0.2', '--skip-name-resolve', ...words],
	{ stdio: ['ignore', 'ignore', 'pipe'] });
	server.stderr.on('data', (text) => (log += text));
	await until(() => fs.existsSync(socket), () => `MariaDB: ${log}`,
		{ ms: 60000 });
}

async function stopServer() {
	const ended = new Promise((resolve) => server.once('exit', resolve));

	server.kill('SIGTERM');
	await ended;
	fs.rmSync(socket, { force: true });
}

function sql(statements) {
	const { status, stdout, stderr } = spawnSync('mariadb', ['--no-defaults',
		'-uroot', '-S', socket, '-N', '-e', statements],
	{ encoding: 'utf8' });

	assert.equal(status, 0, stderr);
	return stdout;
}

function gateway(verb, settings) {
	return run(program, [verb, '--sql-dir', `${root}/sql`, '--json',
		...Object.entries(settings).flatMap(([name, value]) =>
			['--set', `${name}=${value}`])],
	{ env: { LLM_GATEWAY_DB_PASSWORD: 'word', LLM_GATEWAY_CONFIG: '' } });
}

async function databaseOf(settings) {
	const { out, err } = await gateway('check', { ...ours(), ...settings });

	try {
		return JSON.parse(out).database;
	} catch {
		return out + err;
	}
}

test('it is reached through TLS', async () => {
	const { status, err } = await gateway('migrate', ours());

	assert.equal(status, 0, err);
	assert.equal(await databaseOf({}), 'ok');
	// The other name in its certificate; no socket that nobody named.
	assert.equal(await databaseOf({ 'database.host': 'localhost' }), 'ok');
	assert.equal(await databaseOf({ 'database.user': 'shown',
		'database.certificate_file': file, 'database.key_file': keyFile }),
	'ok');
	assert.match(await databaseOf({ 'database.user': 'shown' }),
		/Access denied/);
	assert.match(await databaseOf({ 'database.tls': 'no',
		'database.ca_file': '' }), /Access denied/);
});

test('one that cannot be trusted is not spoken to', async () => {
	for (const settings of [{ 'database.ca_file': other.file },
		{ 'database.ca_file': '' },
		{ 'database.ca_file': '/nowhere/ca.pem' }])
		assert.match(await databaseOf(settings), /TLS\/SSL error/);
	assert.match(await databaseOf({ 'database.host': '127.0.0.2' }),
		/TLS\/SSL error/, 'the certificate is for 127.0.0.1');
});

test('settings that would do nothing are refused', async () => {
	assert.match(await databaseOf({ 'database.socket': socket }),
		/database\.tls is of no use while database\.socket/);
	assert.match(await databaseOf({ 'database.tls': 'no' }),
		/are of use with database\.tls alone/);
});

test('a server without TLS is not spoken to', async () => {
	await stopServer();
	await startServer('--skip-ssl');
	assert.match(await databaseOf({}), /TLS\/SSL error|SSL connection error/);
});
