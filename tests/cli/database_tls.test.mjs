// database_tls.test.mjs - a MariaDB on another machine is reached through TLS
// or not at all.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { freePort, makeCertificate } from '../conversations/mail_server.mjs';
import { program, root, run } from '../conversations/stack.mjs';
import { PrivateMariadb } from './private_mariadb.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'database-tls-'));
const mariadb = new PrivateMariadb(folder);
const { file, keyFile } = makeCertificate(folder);
const other = makeCertificate(fs.mkdtempSync(path.join(folder, 'other-')));
let port;

const ours = () => ({ 'database.socket': '', 'database.host': '127.0.0.1',
	'database.port': port, 'database.user': 'gateway',
	'database.tls': 'yes', 'database.ca_file': file });

before(async () => {
	await startServer('--ssl-cert', file, '--ssl-key', keyFile, '--ssl-ca',
		file);
	mariadb.sql(`CREATE USER gateway@127.0.0.1 IDENTIFIED BY 'word' REQUIRE SSL;
		CREATE USER shown@127.0.0.1 IDENTIFIED BY 'word' REQUIRE X509;
		GRANT ALL PRIVILEGES ON llm_gateway.* TO gateway@127.0.0.1;
		GRANT ALL PRIVILEGES ON llm_gateway.* TO shown@127.0.0.1;`);
}, { timeout: 120000 });
after(async () => {
	await mariadb.stop();
	fs.rmSync(folder, { recursive: true });
});

async function startServer(...words) {
	port = await freePort();
	await mariadb.start(`--port=${port}`, '--bind-address=127.0.0.1,127.0.0.2',
		'--skip-name-resolve', ...words);
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
	assert.match(await databaseOf({ 'database.socket': mariadb.socket }),
		/database\.tls is of no use while database\.socket/);
	assert.match(await databaseOf({ 'database.tls': 'no' }),
		/are of use with database\.tls alone/);
});

test('a server without TLS is not spoken to', async () => {
	await mariadb.stop();
	await startServer('--skip-ssl');
	assert.match(await databaseOf({}), /TLS\/SSL error|SSL connection error/);
});
