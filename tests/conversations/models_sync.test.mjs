// models_sync.test.mjs - the updater as an operator runs it: from files and
// servers, what it changes and tells, what it refuses, and that each call is
// billed at the price that was in force when it came.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { Receiver } from './alert_receiver.mjs';
import { CatalogueServer, list, serveChat } from './catalogues.mjs';
import { makeCertificate } from './mail_server.mjs';
import { hello, program, root, run, until, useStack } from './stack.mjs';

const SECRET = 'a-secret-of-the-webhook';
const data = path.join(root, 'tests/data/catalog');
const server = new CatalogueServer();
const secure = new CatalogueServer();
const hook = new Receiver({ secret: SECRET });
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'catalogues-'));
const certificate = makeCertificate(folder);

after(async () => {
	await Promise.all([server.stop(), secure.stop(), hook.stop()]);
	fs.rmSync(folder, { recursive: true });
});

const stack = useStack({ set: { 'alerts.interval_ms': 200 } },
	async (stack) => {
		await server.start();
		await secure.start({ tls: certificate });
		await hook.start();
		server.put('/v1/chat/completions', serveChat);
		await stack.addProvider('openai', `${server.url}/v1`, 'sk-1');
		await stack.cli(['channel', 'add', 'hook', '--kind', 'webhook',
			'--target', hook.url, '--secret-stdin'], { input: SECRET });
		await stack.cli(['alert', 'add', 'news', '--kind', 'catalog',
			'--channels', 'hook']);
	});

function write(name, text) {
	const file = path.join(folder, name);

	fs.writeFileSync(file, text);
	return file;
}

function cli(words) {
	return run(path.join(root, 'tests/stack'), ['cli', stack.folder, ...words]);
}

const sync = (...words) => stack.cli(['models', 'sync', ...words]);

async function refused(words, pattern) {
	const { status, err } = await cli(['models', 'sync', ...words]);

	assert.notEqual(status, 0, words.join(' '));
	assert.match(err, pattern);
}

const counts = ({ result, added, changed, deprecated, prices_changed: prices }) =>
	[result, added, changed, deprecated, prices];

// Every test begins where the one before it left off.
const first = { steady: { input: '1', output: '2' },
	moving: [{ input: '1', output: '2' },
		{ above: 5000, input: '3', output: '4' },
		{ tier: 'flex', input: '0.5', output: '1' },
		{ tier: 'priority', input: '2', output: '4' }] };

test('a dry run shows what would change and changes nothing', async () => {
	const file = write('list.json', list(first));
	const told = await sync('--from', file, '--add', 'openai', '--dry-run');

	assert.deepEqual(counts(told), ['dry-run', 2, 0, 0, 0]);
	assert.deepEqual(told.changes.map(({ kind, model, before }) =>
		[kind, model, before]), [['model_added', 'moving', null],
		['model_added', 'steady', null]]);
	assert.deepEqual((await stack.cli(['model', 'list']))
		.filter(({ provider }) => provider === 'openai'), []);
	assert.deepEqual(await stack.cli(['models', 'changes']), []);
	const text = await cli(['models', 'sync', '--from', file, '--add', 'openai',
		'--dry-run']);

	assert.match(text.out, /^model_added +openai\/moving /m);
});

test('models are added, and twice is once', async () => {
	const words = ['--from', write('list.json', list(first))];

	assert.deepEqual(counts(await sync(...words)),
		['unchanged', 0, 0, 0, 0]);
	assert.deepEqual(counts(await sync(...words, '--add', 'openai')),
		['applied', 2, 0, 0, 0]);
	assert.deepEqual(counts(await sync(...words)), ['unchanged', 0, 0, 0, 0]);
	const listed = (await stack.cli(['model', 'list']))
		.find(({ name }) => name === 'steady');

	assert.deepEqual([listed.input_price, listed.context, listed.quality],
		['1', 100000, 63]);
});

test('each call is billed at the price of its time, tier and size', async () => {
	const answers = [];
	const ask = async (more, cost) => {
		const answer = await stack.chat(hello('moving', more));

		assert.equal(answer.status, 200, answer.text);
		answers.push([answer.headers['x-request-id'], cost]);
	};

	await ask({}, '0.0012');
	await ask({ stream: true }, '0.0012');
	await ask({ service_tier: 'flex' }, '0.0006');
	await ask({ service_tier: 'priority', stream: true }, '0.0024');
	await ask({ service_tier: 'batch' }, '0.0012'); // it has no such price
	await ask({ user: '6000' }, '0.0184');
	await sync('--from', write('list.json', list({ ...first,
		moving: { input: '8', output: '16' } })));
	// Processes that serve are told of the change, and load it.
	await until(async () => {
		const { headers } = await stack.chat(hello('moving'));

		return headers['x-gateway-cost-usd'] === '0.0096';
	}, 'the new price');
	await ask({}, '0.0096');
	await ask({ service_tier: 'flex' }, '0.0096'); // that has ended
	const rows = await stack.rows(answers.map(([id]) => id));

	for (const [id, cost] of answers)
		assert.equal(rows.get(id).cost_usd, cost);
});

test('prices and changes can be looked up', async () => {
	const prices = (await stack.cli(['model', 'history', 'moving']))
		.filter(({ tier, above }) => tier === 'ordinary' && above === 0);

	assert.deepEqual(prices.map(({ input }) => input), ['8', '1']);
	const [change] = await stack.cli(
		['models', 'changes', '--model', 'openai/moving']);

	assert.equal(change.kind, 'price_changed');
	assert.deepEqual(change.before.find(({ tier, above }) => !tier && !above),
		{ input: '1', output: '2' });
	const none = await cli(['model', 'history', 'nobody']);

	assert.notEqual(none.status, 0);
	assert.match(none.err, /no model 'nobody'/);
});

test('those who asked are told', async () => {
	await until(() => hook.taken(({ rule }) => rule === 'news').length >= 2,
		'two alerts');
	const told = hook.taken(({ rule }) => rule === 'news');

	assert.match(JSON.stringify(told[0]), /"model_added":2/);
	assert.match(JSON.stringify(told[1]), /"price_changed":1/);
});

test('what is not plausible is refused, and kept as refused', async () => {
	const cases = [
		[list({ ...first, moving: { input: '200', output: '20' } }),
			/'input' of openai\/moving would go from 8000000 to 200000000/],
		[list(first).slice(0, -20), /not valid/],
		[list(first).replace('"1"', '"-1"'), /no price/],
		['<html>hello</html>', /not valid/],
		['{"hello": 1}', /not a list of models/],
		[`${'['.repeat(100)}${']'.repeat(100)}`, /deep/],
	];

	for (const [text, pattern] of cases)
		await refused(['--from', write('bad.json', text)], pattern);
	await refused(['--from', '/nowhere/list.json'], /No such file/);
	await refused(['--from', write('bad.json', list(first)), '--format',
		'litellm'], /in the format of litellm/);
	await refused(['--from', write('bad.json', list(first)), '--format',
		'xml'], /There is no format/);
	await refused(['--from', write('bad.json', list(first)), '--add',
		'nobody'], /no provider 'nobody'/);
	const kept = await stack.sql('SELECT result, COUNT(*) FROM catalog_syncs '
		+ "WHERE reason <> '' GROUP BY result");

	assert.deepEqual(Object.fromEntries(kept), { refused: '7', failed: '2' });
	const moving = (await stack.cli(['model', 'history', 'moving']))[0];

	assert.equal(moving.input, '8');
});

test('a server is asked for news alone', async () => {
	const url = `${server.url}/models.json`;
	const words = ['--from', url];
	const mine = () => server.requests.filter((one) =>
		one.path === '/models.json').map(({ status }) => status);

	server.put('/models.json', list(first));
	assert.equal((await sync(...words)).result, 'applied');
	assert.equal((await sync(...words)).result, 'unchanged');
	assert.deepEqual(mine(), [200, 304]);
	// Something else changed the catalogue: the list may have to say more.
	await stack.addModel('by-hand');
	assert.equal((await sync(...words)).result, 'unchanged');
	assert.deepEqual(mine(), [200, 304, 200]);
	assert.equal((await sync(...words)).result, 'unchanged');
	// Where another list has news, the whole of both counts.
	const file = write('other.json', list({ steady: { input: '9',
		output: '9' }, third: { input: '1', output: '1' } }));
	const told = await sync(...words, '--from', file);

	assert.deepEqual(counts(told), ['applied', 1, 0, 0, 0]);
	assert.deepEqual(mine(), [200, 304, 200, 304, 304, 200]);
});

test('servers are not believed either', async () => {
	const at = (where) => ['--from', `${server.url}${where}`];

	server.put('/elsewhere', (request, response) =>
		response.writeHead(302, { location: '/models.json' }).end());
	server.put('/cut', (request, response) => {
		response.writeHead(200, { 'content-length': 5000 });
		response.write(list(first), () => response.destroy());
	});
	server.put('/silent', () => {});
	server.put('/bomb', (request, response) => response.writeHead(200,
		{ 'content-encoding': 'gzip' })
		.end(gzipSync(Buffer.alloc(100 * 1024 * 1024, ' '))));
	server.put('/packed', (request, response) => response.writeHead(200,
		{ 'content-encoding': 'gzip' }).end(gzipSync(list(first))));
	await refused(at('/missing'), /status 404/);
	await refused(at('/elsewhere'), /status 302, and redirects/);
	await refused(at('/cut'), /was not read/);
	await refused([...at('/silent'), '--set', 'catalog.timeout_ms=300'],
		/no answer within 300 ms/);
	await refused(at('/bomb'), /more than 67108864 bytes/);
	await refused([...at('/models.json'), '--set',
		'upstream.allow_private=no'], /private/);
	await refused(['--from', 'http://nobody.invalid/x'], /was not read/);
	await sync(...at('/packed'), '--allow-large-changes');
});

test('HTTPS wants a certificate that fits', async () => {
	const words = ['--from', `${secure.url}/models.json`];

	secure.put('/models.json', list(first));
	await refused(words, /certificate/);
	await sync(...words, '--allow-large-changes', '--set',
		`catalog.ca_file=${certificate.file}`);
	assert.deepEqual(secure.requests.map(({ status }) => status), [200]);
});

test('the settings name the lists, else the installed one is read', async () => {
	const told = await sync('--dry-run', '--allow-large-changes', '--set',
		`catalog.sources=${write('list.json', list(first))}, ${
			path.join(data, 'litellm.json')}`);

	assert.match(told.sources, /list.json, .*litellm.json$/);
	const shipped = await sync('--dry-run', '--allow-large-changes');

	assert.match(shipped.sources, /conf\/models.json$/);
	assert.ok(shipped.models_read > 500);
});

test('lists are merged into one of our own form', async () => {
	const { status, out, err } = await run(program, ['models', 'merge',
		'--from', path.join(data, 'models.dev.json'),
		'--from', path.join(data, 'litellm.json')]);

	assert.equal(status, 0, err);
	const { format, sources, models } = JSON.parse(out);
	const gpt = models.find(({ provider, id }) =>
		provider === 'openai' && id === 'gpt-5');

	assert.equal(format, 'llm-gateway');
	assert.deepEqual(sources, ['models.dev', 'litellm']);
	assert.equal(gpt.context, 400000); // the first list's
	assert.deepEqual(gpt.prices.map(({ tier, input }) => [tier, input]),
		[[undefined, '1.25'], ['flex', '0.625'], ['priority', '2.5']]);
	assert.equal(gpt.quality_source, 'price prior');
});

test('a known provider at its own address comes with its models', async () => {
	const added = await stack.cli(['provider', 'add', 'mistral']);
	const mine = (await stack.cli(['model', 'list']))
		.filter(({ provider }) => provider === 'mistral');

	assert.ok(added.models_added > 5);
	assert.equal(mine.length, added.models_added);
	for (const { name, input_price: price, offered } of mine)
		assert.ok(price !== null && offered, name);
	const again = await stack.cli(['provider', 'add', 'mistral', '--rpm', '9']);

	assert.equal(again.models_added, 0);
	const none = await stack.cli(['provider', 'add', 'groq', '--no-models']);

	assert.equal(none.models_added, 0);
});
