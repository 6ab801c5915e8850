// metrics_cases.mjs - what the processes of a machine have counted: their sums
// are those of the request log, by our page and by a real Prometheus.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { hello, run, until, useStack } from './stack.mjs';

const CALLS = 160;
const CLIENTS = 8;
const PAGE = '/api/metrics/prometheus';
// What cannot be told from what was asked.
const UNKNOWN = 'unknown';

export function metricsCases(web, { processes, set = {}, token } = {}) {
	const stack = useStack({ web, processes, set }, async (stack) => {
		await stack.addModel('plain', 'tokens=12');
		await stack.addModel('slow', 'tokens=6,gap_ms=30');
		await stack.addModel('cached', 'cached=3,prompt_tokens=9');
		await stack.addModel('refusing', 'status=400');
	});
	const headers = token ? { authorization: `Bearer ${token}` } : {};
	const operator = { key: null, headers };

	test('sums over all processes are those of the request log', async () => {
		await makeCalls(stack);
		await assertSums(stack, operator);
	});

	test('a process that is killed loses nothing', async () => {
		const before = await scrape(stack, operator);

		await stack.kill('gateway');
		await stack.start('gateway');
		await until(async () =>
			(await stack.get('/v1/health')).status === 200, 'the gateway');
		const after = await scrape(stack, operator);

		assert.equal(sumOf(after, 'llm_requests_total'),
			sumOf(before, 'llm_requests_total'));
		// Dead ones are folded by the janitor of one that lives.
		await until(() => fs.existsSync(path.join(hotFolder(stack),
			'metrics', 'retired')), 'the dead to be folded');
		assert.deepEqual(tokensOf(await scrape(stack, operator)),
			tokensOf(before));
		await makeCalls(stack);
		await assertSums(stack, operator);
	});

	test('what the response cache holds', async () => {
		const { key } = await stack.createKey('cached', '--cache', 'on');
		const held = async () => {
			const samples = await scrape(stack, operator);
			const { labels, value } =
				pick(samples, 'gateway_cache_answers')[0];

			assert.deepEqual(labels, { strategy: 'memory' });
			return { answers: value,
				bytes: sumOf(samples, 'gateway_cache_bytes'),
				most: sumOf(samples, 'gateway_cache_max_bytes') };
		};
		const before = await held();

		for (let i = 0; i < 6; i++)
			await stack.chat({ model: 'plain', messages: [{ role: 'user',
				content: `${i % 3} ${'x'.repeat(20000)}` }] }, { key });
		const after = await held();

		assert.equal(after.answers - before.answers, 3);
		assert.ok(after.bytes > before.bytes, `${after.bytes}`);
		assert.ok(after.bytes < after.most, `${after.most}`);
	});

	test('a real Prometheus reads the same sums', async (t) => {
		const page = (await stack.get(PAGE, operator)).text;
		const lint = await run('promtool', ['check', 'metrics'],
			{ input: page });

		assert.equal(lint.status, 0, lint.out + lint.err);
		const prometheus = await startPrometheus(t, stack, token);
		const expected = await scrape(stack, operator);

		for (const name of ['llm_requests_total', 'llm_tokens_total',
			'llm_cost_total', 'llm_request_duration_seconds_count',
			'llm_request_duration_seconds_sum',
			'llm_inter_token_gap_seconds_count', 'error_rate_total']) {
			const sum = await until(() => query(prometheus, `sum(${name})`),
				`${name} in Prometheus`, { ms: 30000, every: 200 });

			assert.ok(Math.abs(sum - sumOf(expected, name)) < 1e-9,
				`${name}: ${sum}`);
		}
		const p95 = await until(() => query(prometheus,
			'histogram_quantile(0.95, sum by (le) ' +
			'(llm_inter_token_gap_seconds_bucket))'), 'a quantile');

		assert.ok(p95 > 0.01 && p95 < 30, `${p95}`);
	});

	test('what clients invent has no series of its own', async () => {
		for (let i = 0; i < 20; i++) {
			await stack.chat(hello(`invented-${i}`));
			await stack.get(`/invented/${i}`);
			await stack.get('/v1/health', { method: `INVENTED${i}` });
		}
		const { text } = await stack.get(PAGE, operator);

		assert.doesNotMatch(text, /invented/i);
		assert.match(text, /^http_requests_total\{route="other",/m);
		assert.match(text, /^llm_requests_total\{provider="unknown",/m);
	});

	test('the JSON page has the same, and quantiles', async () => {
		const answer = await stack.get('/api/metrics/custom', operator);
		const { metrics } = answer.json();
		const durations = metrics.find(({ name }) =>
			name === 'llm_request_duration_seconds').series;
		const plain = durations.find(({ labels }) =>
			labels.model === 'plain');
		const slow = durations.find(({ labels }) => labels.model === 'slow');

		assert.equal(answer.status, 200);
		assert.ok(plain.count > 20);
		for (const { p50, p95, p99, sum } of [plain, slow])
			assert.ok(0 < p50 && p50 <= p95 && p95 <= p99 && sum > 0);
		assert.ok(slow.p50 > 0.1, `${slow.p50}`);
	});

	return stack;
}

// Whole answers and streams, good and bad, side by side.
async function makeCalls(stack) {
	const kinds = [
		() => stack.chat(hello('plain')),
		() => stack.chat(hello('plain', { stream: true })),
		() => stack.chat(hello('slow', { stream: true })),
		() => stack.chat(hello('cached')),
		() => stack.chat(hello('refusing')),
		() => stack.chat(hello('no-such-model')),
		() => stack.chat(hello('plain'), { key: 'gw_wrong' }),
		() => stack.chat('{'),
	];
	let made = 0;

	await Promise.all(Array.from({ length: CLIENTS }, async () => {
		while (made < CALLS)
			await kinds[made++ % kinds.length]();
	}));
}

async function assertSums(stack, operator) {
	let rows;
	let found;

	// Both sides are written when the client has its answer already.
	await until(async () => {
		rows = await stack.exportUsage();
		found = await scrape(stack, operator);
		return sumOf(found, 'llm_requests_total') === rows.length &&
			sumOf(found, 'gateway_journal_bytes') === 0;
	}, () => `${rows.length} rows, ${sumOf(found, 'llm_requests_total')} ` +
		'counted', { ms: 20000, every: 250 });

	assert.deepEqual(
		counts(pick(found, 'llm_requests_total'), ({ labels, value }) =>
			[`${labels.provider} ${labels.model} ${labels.status}`, value]),
		counts(rows, (row) => [`${row.provider ?? UNKNOWN} ${
			row.model_used ?? UNKNOWN} ${row.status}`, 1]));
	assert.deepEqual(tokensOf(found), counts(rows.flatMap((row) => [
		[`${row.model_used} prompt`, row.prompt_tokens],
		[`${row.model_used} completion`, row.completion_tokens],
	]).filter(([, n]) => n > 0)));
	assert.deepEqual(
		counts(pick(found, 'error_rate_total'), ({ labels, value }) =>
			[labels.kind, value]),
		counts(rows.filter(({ error }) => error),
			({ error }) => [error, 1]));
	assert.equal(pick(found, 'llm_cost_total').reduce((sum, { text }) =>
		sum + pico(text), 0n), rows.reduce((sum, { cost_usd: cost }) =>
		sum + pico(cost ?? '0'), 0n));
	assert.equal(sumOf(found, 'llm_request_duration_seconds_count'),
		rows.length);
	assert.equal(sumOf(found, 'llm_time_to_first_token_seconds_count'),
		rows.filter((row) => row.first_token_ms !== null).length);
	// Every call is a request; some requests are no calls.
	assert.ok(sumOf(found, 'http_requests_total') >= rows.length);
	assert.ok(sumOf(found, 'gateway_upstream_attempts_total') > 0);
	assert.equal(sumOf(found, 'gateway_metrics_overflow_total'), 0);
}

// The samples of the page: { name, labels, text, value }.
export async function scrape(stack, operator) {
	const answer = await stack.get(PAGE, operator);

	assert.equal(answer.status, 200, answer.text);
	assert.match(answer.headers['content-type'],
		/^text\/plain; version=0\.0\.4/);
	return answer.text.split('\n').filter((line) => /^[a-z]/.test(line))
		.map((line) => {
			const [, name, inner, text] =
				/^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
			const labels = Object.fromEntries(
				[...(inner ?? '').matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)]
					.map(([, label, value]) => [label, value]));

			return { name, labels, text, value: Number(text) };
		});
}

function pick(samples, name) {
	return samples.filter((sample) => sample.name === name);
}

export function sumOf(samples, name) {
	return pick(samples, name).reduce((sum, { value }) => sum + value, 0);
}

function tokensOf(samples) {
	return counts(pick(samples, 'llm_tokens_total')
		.filter(({ labels }) => ['prompt', 'completion']
			.includes(labels.kind)),
	({ labels, value }) => [`${labels.model} ${labels.kind}`, value]);
}

// { key: sum } in the order of the keys.
function counts(list, keyAndNumber = (pair) => pair) {
	const sums = new Map();

	for (const item of list) {
		const [key, number] = keyAndNumber(item);

		sums.set(key, (sums.get(key) ?? 0) + number);
	}
	return Object.fromEntries([...sums].sort(([a], [b]) => a < b ? -1 : 1));
}

function pico(usd) {
	const [whole, fraction = ''] = usd.split('.');

	return BigInt(whole) * 10n ** 12n + BigInt(fraction.padEnd(12, '0'));
}

function hotFolder(stack) {
	return /^hot_dir = (.*)$/m.exec(
		fs.readFileSync(stack.env.CONFIG, 'utf8'))[1];
}

// A private one, on a free port of this machine.
async function startPrometheus(t, stack, token) {
	const folder = path.join(stack.folder, 'prometheus');
	const port = await freePort();
	const config = path.join(folder, 'prometheus.yml');

	fs.mkdirSync(folder);
	fs.writeFileSync(config, `
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: gateway
    metrics_path: ${PAGE}
    ${token ? `authorization: { credentials: ${token} }` : ''}
    static_configs:
      - targets: ['${new URL(stack.url).host}']
`);
	const log = fs.openSync(path.join(folder, 'log'), 'w');
	const child = spawn('prometheus', [`--config.file=${config}`,
		`--storage.tsdb.path=${path.join(folder, 'data')}`,
		`--web.listen-address=127.0.0.1:${port}`],
	{ stdio: ['ignore', log, log] });
	const ended = new Promise((resolve) => child.on('exit', resolve));

	fs.closeSync(log);
	t.after(async () => {
		child.kill('SIGKILL');
		await ended;
	});
	return `http://127.0.0.1:${port}`;
}

async function freePort() {
	const server = net.createServer();

	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address();

	await new Promise((resolve) => server.close(resolve));
	return port;
}

// The number that a query gives, or undefined as long as there is none.
async function query(prometheus, expression) {
	try {
		const answer = await fetch(`${prometheus}/api/v1/query?query=${
			encodeURIComponent(expression)}`);
		const { data } = await answer.json();

		return data?.result?.[0] && Number(data.result[0].value[1]);
	} catch {
		return undefined; // it is still starting
	}
}
