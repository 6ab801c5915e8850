// commands.test.mjs - every command of the command line, against a MariaDB of
// the test's own. Run with: node --test tests/cli/
//
// LLM_GATEWAY names the program (default build/gcc/llm-gateway).

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { PrivateMariadb } from './private_mariadb.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const program = path.resolve(root, process.env.LLM_GATEWAY ?? 'build/gcc/llm-gateway');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gateway-cli-'));
const mariadb = new PrivateMariadb(folder);
const config = path.join(folder, 'settings.conf');
const firstKey = randomBytes(32).toString('hex');
const secondKey = randomBytes(32).toString('hex');
const providerKey = `sk-${randomBytes(20).toString('hex')}`;
const password = `pass-${randomBytes(12).toString('hex')}`;

// Everything the program ever printed, searched for secrets at the end.
let printed = '';

function gateway(words, { input = '', env = {}, plain = false } = {}) {
	const result = spawnSync(program, plain ? words : [...words, '--config', config], {
		input, encoding: 'utf8', cwd: root,
		env: { PATH: process.env.PATH, LLM_GATEWAY_MASTER_KEY: firstKey, ...env },
	});
	assert.ifError(result.error);
	printed += result.stdout + result.stderr;
	return { status: result.status, out: result.stdout, err: result.stderr };
}

// What is installed may be another version: these are the tree's migrations.
const sqlFolder = ['--sql-dir', path.join(root, 'sql')];

function json(words, options) {
	const { status, out, err } = gateway([...words, '--json'], options);
	assert.equal(status, 0, err);
	return JSON.parse(out);
}

function refused(words, status, pattern, options) {
	const result = gateway(words, options);
	assert.equal(result.status, status, result.out + result.err);
	assert.match(result.err, pattern);
	assert.equal(result.err.trimEnd().split('\n').length, 1, result.err);
	return result;
}

const sql = (text) => mariadb.sql(text);
const version = (topic) => Number(sql(`SELECT version FROM snapshot_version WHERE topic = '${topic}'`));

before(async () => {
	await mariadb.start('--skip-networking');
	fs.writeFileSync(config, `[database]\nsocket = ${mariadb.socket}\nuser = root\n`);
});

after(async () => {
	await mariadb.stop();
	fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test('without arguments, and with --help, it prints help', () => {
	for (const words of [[], ['--help'], ['help']]) {
		const { status, out } = gateway(words, { plain: true });
		assert.equal(status, 0);
		assert.match(out, /key create/);
		assert.match(out, /--config FILE/);
	}
	const { status, out } = gateway(['key', 'create', '--help'], { plain: true });
	assert.equal(status, 0);
	assert.match(out, /--budget-daily USD/);
	assert.match(out, /--config FILE/);
});

test('a command line that makes no sense ends with 2', () => {
	refused(['fly'], 2, /no such command/);
	refused(['key'], 2, /no such command/);
	refused(['key', 'create'], 2, /--name/);
	refused(['key', 'create', '--name'], 2, /--name needs a value/);
	refused(['key', 'create', '--name', 'x', '--rpm', 'many'], 2, /--rpm 'many'/);
	refused(['key', 'create', '--name', 'x', '--rpm', '0'], 2, /--rpm/);
	refused(['key', 'create', '--name', 'x', '--budget-daily', '1e3'], 2, /--budget-daily/);
	refused(['key', 'create', '--name', 'x', '--expires', '2030-02-30'], 2, /--expires/);
	refused(['key', 'create', '--name', 'x', '--metadata', 'maybe'], 2, /--metadata/);
	refused(['key', 'create', '--nmae', 'x'], 2, /no option '--nmae'/);
	refused(['key', 'create', '--name', 'x', '--json=yes'], 2, /--json takes no value/);
	refused(['key', 'revoke'], 2, /key revoke ID/);
	refused(['key', 'revoke', 'x'], 2, /not the id/);
	refused(['key', 'revoke', '1', '2'], 2, /key revoke ID/);
	refused(['user', 'add', 'a@b.example'], 2, /--password-stdin/);
	refused(['usage', 'export', '--format', 'xml'], 2, /csv or json/);
	refused(['usage', 'export', '--from', '2026-02-02', '--to', '2026-01-01'], 2, /before --to/);
	const { out } = refused(['key', 'create', '--json'], 2, /--name/);
	assert.deepEqual(Object.keys(JSON.parse(out).error), ['message', 'code', 'param']);
	assert.equal(JSON.parse(out).error.param, 'name');
});

test('a bad settings file is told with its line and reason', () => {
	const bad = path.join(folder, 'bad.conf');
	const text = [
		['[server]\nworkers = many\n', /bad\.conf:2: .*server\.workers = 'many'/],
		['[server]\n\nworkres = 4\n', /bad\.conf:3: .*'server\.workres'/],
		['[server]\nworkers = 4\nnonsense\n', /bad\.conf:3: /],
		['[log]\nlevel = loud\n', /log\.level = 'loud'/],
	];

	for (const [content, reason] of text) {
		fs.writeFileSync(bad, content);
		for (const command of [['check'], ['key', 'list'], ['serve']]) {
			const { status, err } = gateway([...command, '--config', bad], { plain: true });
			assert.equal(status, 1);
			assert.match(err, reason);
		}
	}
	refused(['key', 'list', '--set', 'server.workres=4'], 1, /server\.workres/);
	refused(['key', 'list', '--set', 'nonsense'], 1, /section\.key=value/);
	const { status, err } = gateway(['key', 'list', '--config', '/nowhere/x.conf'], { plain: true });
	assert.equal(status, 1);
	assert.match(err, /\/nowhere\/x\.conf: cannot be read/);
});

// A settings file that stops `serve` shows that it was serve that began.
test('started by a web server it is serve', async () => {
	const bad = path.join(folder, 'bad-serve.conf');
	const link = path.join(folder, 'llm-gateway.fcgi');
	const env = { LLM_GATEWAY_CONFIG: bad };
	const listener = net.createServer();

	fs.writeFileSync(bad, '[server]\nworkers = many\n');
	fs.symlinkSync(program, link);
	await new Promise((resolve) => listener.listen(path.join(folder, 'fcgi.sock'), resolve));
	const wrapped = spawnSync(link, [], { env, encoding: 'utf8', input: '' });
	const listening = spawnSync(program, [], { env, encoding: 'utf8',
		stdio: [listener._handle.fd, 'pipe', 'pipe'] });
	const person = spawnSync(program, [], { env, encoding: 'utf8', input: '' });
	listener.close();
	for (const result of [wrapped, listening]) {
		assert.equal(result.status, 1, result.stdout + result.stderr);
		assert.match(result.stderr, /server\.workers = 'many'/);
	}
	assert.equal(person.status, 0);
	assert.match(person.stdout, /key create/);
});

test('check tells every fault at once, and migrate mends the schema', () => {
	const faults = gateway(['check', ...sqlFolder, '--set', 'database.socket=/nowhere/socket'],
		{ env: { LLM_GATEWAY_MASTER_KEY: 'short' } });
	assert.equal(faults.status, 1);
	assert.match(faults.err, /master_key: /);
	assert.match(faults.err, /database: /);
	assert.equal(faults.err.trimEnd().split('\n').length, 2);

	const before = gateway(['check', '--json', ...sqlFolder]);
	assert.equal(before.status, 1);
	const parts = JSON.parse(before.out);
	assert.equal(parts.ok, false);
	assert.equal(parts.settings, 'ok');
	assert.equal(parts.database, 'ok');
	assert.match(parts.schema, /migrations have not run/);

	assert.ok(json(['migrate', ...sqlFolder]).applied > 0);
	assert.equal(json(['migrate', ...sqlFolder]).applied, 0);
	refused(['migrate', '--sql-dir', folder], 1, /llm-gateway: /);
	const { redis, ...after } = json(['check', ...sqlFolder]);
	assert.equal(redis, 'not checked'); // it is not used
	assert.ok(Object.entries(after).every(([, value]) => value === 'ok' || value === true),
		JSON.stringify(after));
});

test('the configuration may come from the environment', () => {
	const { status, out } = gateway(['key', 'list', '--json'], { plain: true, env: { LLM_GATEWAY_CONFIG: config } });
	assert.equal(status, 0);
	assert.deepEqual(JSON.parse(out), []);
	assert.equal(gateway(['--config', config, 'key', 'list', '--json'], { plain: true }).status, 0);
});

test('user add: the first is the operator, a second time sets it anew', () => {
	const words = ['user', 'add', 'Ada@Example.org', '--role', 'admin', '--password-stdin'];
	const first = json(words, { input: `${password}\n` });
	assert.deepEqual(first, { id: first.id, email: 'ada@example.org', role: 'admin', operator: true, created: true });
	const hash = sql('SELECT password_hash FROM users');
	assert.match(hash, /^\$y\$/);
	const again = json(words, { input: `${password}x` });
	assert.equal(again.id, first.id);
	assert.equal(again.created, false);
	assert.notEqual(sql('SELECT password_hash FROM users'), hash);
	const second = json(['user', 'add', 'bob@example.org', '--password-stdin'], { input: password });
	assert.equal(second.operator, false);
	assert.equal(second.role, 'member');
	assert.equal(sql('SELECT COUNT(*) FROM organisations'), '1');
	assert.equal(sql('SELECT name FROM projects'), 'default');

	refused([...words], 1, /no password on standard input/, { input: '' });
	refused([...words], 1, /at least 8/, { input: 'short' });
	refused([...words], 1, /one line/, { input: 'two\nlines-of-it' });
	refused([...words], 1, /too long/, { input: 'x'.repeat(9000) });
	refused(['user', 'add', 'nobody', '--password-stdin'], 1, /not an e-mail/, { input: password });
	refused(['user', 'add', 'a@b.example', '--role', 'king', '--password-stdin'], 1, /not a role/, { input: password });
	assert.equal(sql('SELECT COUNT(*) FROM users'), '2');
});

test('provider add: known ones need no address, a second time changes it', () => {
	const words = ['provider', 'add', 'groq', '--key-stdin', '--no-models'];
	const at = version('catalog');
	const first = json(words, { input: providerKey });
	assert.equal(first.base_url, 'https://api.groq.com/openai/v1');
	assert.equal(first.dialect, 'openai_chat');
	assert.equal(first.created, true);
	assert.ok(version('catalog') > at);
	const again = json(words, { input: `${providerKey}\n` });
	assert.equal(again.id, first.id);
	assert.equal(again.created, false);
	assert.equal(sql('SELECT COUNT(*) FROM provider_keys'), '1');
	assert.equal(sql('SELECT hint FROM provider_keys'), providerKey.slice(-4));
	const sealed = sql('SELECT HEX(sealed) FROM provider_keys').toLowerCase();
	assert.ok(!sealed.includes(Buffer.from(providerKey).toString('hex')));

	json(['provider', 'add', 'own', '--dialect', 'openai_chat', '--base-url', 'http://127.0.0.1:9/v1/',
		'--set', 'upstream.allow_private=yes', '--quirk', 'stream_usage=always', '--weight', '3']);
	json(['provider', 'add', 'own', '--auth', 'x-api-key', '--set', 'upstream.allow_private=yes']);
	const list = json(['provider', 'list']);
	assert.deepEqual(list.map((row) => row.name), ['groq', 'own']);
	assert.deepEqual(list[0].keys, [`default ...${providerKey.slice(-4)}`]);
	assert.equal(list[1].base_url, 'http://127.0.0.1:9/v1');
	assert.deepEqual(list[1].quirks, { stream_usage: 'always' });
	assert.equal(list[1].weight, 3);
	assert.equal(list[1].auth, 'x-api-key');
	assert.match(gateway(['provider', 'list']).out, /^id +name .*\n1 +groq /);
});

test('provider add refuses what cannot work', () => {
	const count = sql('SELECT COUNT(*) FROM providers');
	const add = (...rest) => ['provider', 'add', 'new', '--dialect', 'openai_chat', ...rest];

	refused(['provider', 'add', 'new'], 2, /its dialect and its base URL/);
	refused(add(), 2, /give its base URL/);
	refused(add('--base-url', 'http://localhost:1/v1'), 1, /allow_private/);
	refused(add('--base-url', 'https://user:secret@example.com'), 1, /no user or password/);
	refused(add('--base-url', 'https://example.com#x'), 1, /no fragment/);
	refused(add('--base-url', 'https://example.com/{name}'), 1, /\{model\}/);
	refused(add('--base-url', 'https://example.com', '--dialect', 'openai_chat,klingon'), 1, /no dialect 'klingon'/);
	refused(add('--base-url', 'https://example.com', '--quirk', 'unsupported=wings'), 1, /no member 'wings'/);
	refused(add('--base-url', 'gopher://example.com'), 1, /https:\/\//);
	refused(add('--base-url', 'https://example.com', '--dialect', 'klingon'), 1, /no dialect 'klingon'/);
	refused(add('--base-url', 'https://example.com', '--quirk', 'x=y'), 1, /no quirk 'x'/);
	refused(['provider', 'add', 'a/b', '--dialect', 'openai_chat', '--base-url', 'https://example.com'], 1, /name/);
	refused(add('--base-url', 'https://example.com', '--key-stdin'), 1, /no key on standard input/);
	refused(add('--base-url', 'https://example.com', '--key-stdin'), 1, /llm-gateway: /,
		{ input: providerKey, env: { LLM_GATEWAY_MASTER_KEY: '' } });
	assert.equal(sql('SELECT COUNT(*) FROM providers'), count, 'a refused command left something behind');
});

test('model add: what is not given stays, a new price is a new row', () => {
	const words = ['model', 'add', 'llama-3', '--provider', 'groq', '--context', '131072',
		'--input-price', '0.05', '--output-price', '0.08', '--quality', '60'];
	const first = json(words);
	assert.equal(first.created, true);
	assert.equal(json(words).id, first.id);
	assert.equal(sql('SELECT input_picousd, output_picousd FROM prices'), '50000\t80000');
	json(['model', 'add', 'llama-3', '--provider', 'groq', '--cached-price', '0.0125', '--upstream', 'meta/llama-3']);
	assert.equal(sql('SELECT COUNT(*) FROM prices'), '2');
	json(['model', 'add', 'llama-3', '--provider', 'groq', '--image-price', '0.04']);
	assert.equal(sql('SELECT image_output_picousd_per_image, cached_picousd FROM prices ORDER BY id DESC LIMIT 1'),
		'40000000000\t12500');
	json(['model', 'add', 'free', '--provider', 'own', '--max-output', '10']);
	const [llama, free] = json(['model', 'list']);
	assert.deepEqual(llama, { id: first.id, name: 'llama-3', provider: 'groq', upstream: 'meta/llama-3',
		context: 131072, input_price: '0.05', output_price: '0.08', cached_price: '0.0125', quality: 60,
		offered: true });
	assert.equal(free.input_price, null);
	assert.equal(free.upstream, 'free');

	refused(['model', 'add', 'x'], 2, /--provider/);
	refused(['model', 'add', 'x', '--provider', 'nobody'], 1, /no provider 'nobody'/);
	refused(['model', 'add', 'auto', '--provider', 'own'], 1, /auto/);
	refused(['model', 'add', 'a b', '--provider', 'own'], 1, /name/);
	refused(['model', 'add', 'x', '--provider', 'own', '--quality', '101'], 2, /--quality/);
	refused(['model', 'add', 'x', '--provider', 'own', '--input-price', '0.0000001'], 2, /--input-price/);
	refused(['model', 'add', 'x', '--provider', 'own', '--image-price', '-1'], 2, /--image-price/);
	refused(['model', 'add', 'x', '--provider', 'own', '--input-price', '1'], 1, /both/);
	assert.equal(json(['model', 'list']).length, 2);
});

test('alias set: models must exist; a second time replaces them', () => {
	assert.equal(json(['alias', 'set', 'fast', 'llama-3,own/free']).created, true);
	const again = json(['alias', 'set', 'fast', 'llama-3']);
	assert.equal(again.created, false);
	assert.deepEqual(json(['alias', 'list']),
		[{ id: again.id, name: 'fast', project_id: null, strategy: 'ordered', models: ['llama-3'],
			conditions: {} }]);
	refused(['alias', 'set', 'quick', 'llama-4'], 1, /Did you mean 'llama-3'/);
	refused(['alias', 'set', 'quick', 'fast'], 1, /'fast' is an alias: an alias stands for models/);
	refused(['alias', 'set', 'quick', 'fasd'], 1, /There is no model 'fasd'\.$/m);
	refused(['alias', 'set', 'quick', 'llama-3,llama-3'], 1, /twice/);
	refused(['alias', 'set', 'quick', 'llama-3', '--project', 'none'], 1, /no project 'none'/);
	refused(['alias', 'set', 'quick', 'llama-3', '--strategy', 'best'], 1, /least_latency/);
	refused(['alias', 'set', 'quick', 'llama-3', '--canary', 'llama-3:10'], 1, /without any/);
	refused(['alias', 'set', 'quick'], 2, /alias set NAME/);
});

test('key create prints the key once and alone', () => {
	const project = json(['project', 'add', 'law']);
	assert.equal(project.created, true);
	assert.deepEqual(json(['project', 'add', 'law']), { id: project.id, name: 'law', time_zone: 'UTC',
		bodies: 'off', created: false });

	const at = version('keys');
	const alone = gateway(['key', 'create', '--name', 'app', '--project', 'law', '--rpm', '60', '--tpm', '90000',
		'--budget-daily', '1.50', '--budget-monthly', '20', '--models', 'llama-3, fast',
		'--expires', '2090-01-01', '--metadata', 'off']);
	assert.equal(alone.status, 0);
	assert.match(alone.out, /^gw_[0-9A-Za-z]{49}\n$/);
	assert.equal(alone.err, '');
	assert.ok(version('keys') > at);
	const object = json(['key', 'create', '--name', 'app']);
	assert.match(object.key, /^gw_[0-9A-Za-z]{49}$/);
	assert.equal(object.project, 'default');
	assert.notEqual(object.key, alone.out.trim());

	const [first, second] = json(['key', 'list']);
	assert.deepEqual({ ...first, id: 0, created: '' }, { id: 0, name: 'app', project: 'law',
		prefix: alone.out.slice(0, 8), status: 'active', created: '', expires: '2090-01-01T00:00:00.000Z',
		last_used: null, rpm: 60, tpm: 90000, concurrent: null, budget_daily_usd: '1.5', budget_monthly_usd: '20',
		models: ['llama-3', 'fast'], strict: false });
	assert.equal(second.id, object.id);
	assert.equal(sql(`SELECT metadata_mode FROM gateway_keys WHERE id = ${first.id}`), 'off');
	assert.equal(sql(`SELECT LOWER(HEX(hash)) = SHA2('${object.key}', 256) FROM gateway_keys WHERE id = ${object.id}`), '1');

	refused(['key', 'create', '--name', 'x', '--project', 'nobody'], 1, /no project 'nobody'/);
	assert.equal(json(['key', 'list']).length, 2);
	const expired = gateway(['key', 'create', '--name', 'old', '--expires', '2020-01-01']);
	assert.equal(expired.status, 0);
	assert.match(expired.err, /expired already/);
	assert.equal(json(['key', 'list'])[2].status, 'expired');

	assert.deepEqual(json(['key', 'revoke', String(first.id)]), { id: first.id, revoked: true });
	const when = sql(`SELECT revoked_ms FROM gateway_keys WHERE id = ${first.id}`);
	json(['key', 'revoke', String(first.id)]);
	assert.equal(sql(`SELECT revoked_ms FROM gateway_keys WHERE id = ${first.id}`), when);
	assert.equal(json(['key', 'list'])[0].status, 'revoked');
	const { out } = refused(['key', 'revoke', '999', '--json'], 1, /no gateway key 999/);
	assert.equal(JSON.parse(out).error.code, 'not_found');

	// A key is shown by the command that makes it and by nothing else.
	const count = (text) => printed.split(text).length - 1;
	assert.equal(count(alone.out.trim()), 1);
	assert.equal(count(object.key), 1);
	for (const text of [alone.out.trim(), object.key])
		assert.equal(sql(`SELECT COUNT(*) FROM audit WHERE CONCAT(object_name, COALESCE(after_json, '')) LIKE '%${text.slice(10)}%'`), '0');
});

test('an answer that cannot be written is a failure', () => {
	const full = fs.openSync('/dev/full', 'w');
	const result = spawnSync(program, ['key', 'list', '--config', config],
		{ stdio: ['ignore', full, 'pipe'], encoding: 'utf8', cwd: root });
	fs.closeSync(full);
	assert.equal(result.status, 1);
	assert.match(result.stderr, /could not be written/);
});

test('rekey moves the provider keys to the newest master key', () => {
	const both = { LLM_GATEWAY_MASTER_KEY: `2:${secondKey},1:${firstKey}` };
	const newer = { LLM_GATEWAY_MASTER_KEY: `2:${secondKey}` };

	refused(['rekey'], 1, /nothing was changed/, { env: newer });
	assert.equal(gateway(['check', ...sqlFolder], { env: newer }).status, 1);
	assert.deepEqual(json(['rekey'], { env: both }),
		{ rewrapped: 1, contents: 0, unreadable: 0, key_version: 2 });
	assert.deepEqual(json(['rekey'], { env: both }),
		{ rewrapped: 0, contents: 0, unreadable: 0, key_version: 2 });
	assert.equal(gateway(['check', ...sqlFolder], { env: newer }).status, 0);
	assert.equal(gateway(['check', ...sqlFolder]).status, 1);
});

test('usage export answers CSV with a header, or an array', () => {
	const csv = gateway(['usage', 'export', '--from', '2026-01-01', '--to', '2026-01-01', '--format', 'csv']);
	assert.equal(csv.status, 0);
	assert.match(csv.out, /^request_id,time,project,key,model_asked,/);
	assert.equal(csv.out.trimEnd().split(/\r?\n/).length, 1);
	assert.deepEqual(json(['usage', 'export', '--from', '2026-01-01', '--to', '2026-12-31']), []);
	assert.deepEqual(JSON.parse(gateway(['usage', 'export', '--format', 'json']).out), []);
});

test('settings prints a file that the program itself takes', () => {
	const { status, out } = gateway(['settings'], { plain: true });
	assert.equal(status, 0);
	const file = path.join(folder, 'printed.conf');
	fs.writeFileSync(file, out.replace(/^;(\w+ =)/gm, '$1'));
	assert.ok(/^workers = /m.test(fs.readFileSync(file, 'utf8')));
	const check = gateway(['check', '--json', '--config', file], { plain: true });
	assert.equal(JSON.parse(check.out).settings, 'ok', check.err);
	assert.match(json(['settings']).settings, /^\[server\]/);
});

test('provider remove takes its models along', () => {
	assert.equal(json(['provider', 'remove', 'groq']).removed, true);
	assert.deepEqual(json(['model', 'list']).map((row) => row.name), ['free']);
	refused(['provider', 'remove', 'groq'], 1, /no provider 'groq'/);
});

test('every change left its audit row, made by cli', () => {
	const actions = sql('SELECT DISTINCT action FROM audit ORDER BY action').split('\n');
	assert.deepEqual(actions, ['alias.set', 'key.create', 'key.revoke', 'model.add', 'project.add',
		'provider.add', 'provider.remove', 'provider_key.rekey', 'user.add']);
	assert.equal(sql('SELECT DISTINCT actor FROM audit'), 'cli');
	// Whose object it was is who may read of it.
	assert.deepEqual(sql(`SELECT DISTINCT a.action FROM audit a JOIN organisations o
		ON o.id = a.organisation_id ORDER BY a.action`).split('\n')
		.filter((action) => !action.startsWith('alias')),
		['key.create', 'key.revoke', 'project.add', 'user.add']);
});

test('a database that is away is one clear line', async () => {
	refused(['key', 'list', '--set', 'database.socket=/nowhere/socket'], 1, /cannot reach its database/);
});

test('no secret was ever printed or kept readable', () => {
	assert.ok(printed.length > 5000);
	for (const secret of [providerKey, password, firstKey, secondKey])
		assert.ok(!printed.includes(secret));
	const dump = spawnSync('mariadb-dump', ['--no-defaults', '-uroot', '-S', mariadb.socket, '--hex-blob', 'llm_gateway'],
		{ encoding: 'utf8', maxBuffer: 1 << 28 });
	assert.equal(dump.status, 0, dump.stderr);
	for (const secret of [providerKey, password, firstKey, secondKey]) {
		assert.ok(!dump.stdout.includes(secret));
		assert.ok(!dump.stdout.toLowerCase().includes(Buffer.from(secret).toString('hex')));
	}
});
