// affinity_cases.mjs - a long prompt goes to where its beginning is cached, in
// front of several processes of the gateway. The providers are simulators of
// the test's own, each of which keeps prompts for each key.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Host } from './pool_hosts.mjs';
import { until, useStack } from './stack.mjs';

// What two keys of a provider are worth; 'light' has a quarter.
const KEYS = { heavy: 'sk-heavy', light: 'sk-light' };
const BOUND = 1.25;
const UPSTREAM = 'sim-small?prompt_cache=600';

// So many words that nobody else says, and many more than are cached.
export function prompt(name, bytes = 8000) {
	let text = '';

	for (let i = 0; text.length < bytes; i++)
		text += `${name} ${i}. `;
	return text.slice(0, bytes);
}

export function testAffinity(web, processes) {
	// The first one for keys; it is not asked for its models.
	const a = new Host('a', ['sim-small']);
	const b = new Host('b', ['sim-small', UPSTREAM]);
	const c = new Host('c', ['sim-small', UPSTREAM]);
	const stack = useStack({ web, processes, set: {
		'retry.base_ms': 50,
		'upstream.key_refused_ms': 1500,
		'upstream.pool_interval_ms': 300,
	} }, prepare);
	const looks = [];

	after(() => Promise.all([a.die(), b.die(), c.die()]));

	async function prepare() {
		await Promise.all([a.start(), b.start(), c.start()]);
		await stack.addProvider('keyed', `${a.url}/v1`, KEYS.heavy,
			'--key-name', 'heavy', '--key-weight', '3');
		await stack.addProvider('keyed', `${a.url}/v1`, KEYS.light,
			'--key-name', 'light');
		await stack.addProvider('even', `${a.url}/v1`, 'sk-even-1',
			'--key-name', 'one');
		await stack.addProvider('even', `${a.url}/v1`, 'sk-even-2',
			'--key-name', 'two');
		await stack.addProvider('forgets', `${a.url}/v1`, 'sk-forgets-1',
			'--key-name', 'one', '--quirk', 'prompt_cache=none');
		await stack.addProvider('forgets', `${a.url}/v1`, 'sk-forgets-2',
			'--key-name', 'two', '--quirk', 'prompt_cache=none');
		await stack.addProvider('alpha', `${b.url}/v1`, 'sk-alpha');
		await stack.addProvider('beta', `${c.url}/v1`, 'sk-beta');
		await stack.addProvider('pool', `${b.url}/v1`, 'sk-pool');
		await stack.cli(['host', 'add', 'pool', `${c.url}/v1`]);
		for (const [model, provider] of [['two-keys', 'keyed'],
			['even', 'even'], ['forgets', 'forgets'], ['pooled', 'pool'],
			['both', 'alpha'], ['both', 'beta']])
			await stack.cli(['model', 'add', model, '--provider', provider,
				'--upstream', UPSTREAM,
				'--input-price', '1', '--output-price', '2']);
		await stack.cli(['alias', 'set', 'quickest', 'alpha/both,beta/both',
			'--strategy', 'least_latency']);
	}

	// One call; the key it went with, and what the provider had of it.
	async function ask(model, text, question = 'Well?', more = {}) {
		const answer = await stack.chat({ model, messages: [
			{ role: 'system', content: text },
			{ role: 'user', content: question }], ...more });

		assert.equal(answer.status, 200, answer.text);
		const cached = answer.json().usage.prompt_tokens_details
			.cached_tokens;

		return { answer, cached,
			id: answer.headers['x-request-id'],
			provider: answer.headers['x-gateway-provider'] };
	}

	async function look(host, where) {
		return (await fetch(`${host.url}/_simulator/${where}`)).json();
	}

	// Of the last call.
	async function keyOf(host) {
		const { headers } = await look(host, 'last.json');

		return headers.authorization.slice('Bearer '.length);
	}

	async function askMany(model, calls, textOf) {
		const keys = {};

		for (let i = 0; i < calls; i++) {
			await ask(model, textOf(i), `Question ${i}?`);
			const key = await keyOf(a);

			keys[key] = (keys[key] ?? 0) + 1;
		}
		return keys;
	}

	function rowOf(id, look) {
		looks.push([id, look]);
	}

	test('one beginning goes to one key, and is read from its cache',
		async () => {
			const text = prompt('shared');
			const first = await ask('two-keys', text, 'First?');
			const key = await keyOf(a);

			assert.equal(first.cached, 0);
			rowOf(first.id, (row) => assert.equal(row.affinity, 'hashed'));
			for (let i = 0; i < 24; i++) {
				const next = await ask('two-keys', text, `Next ${i}?`);

				assert.equal(await keyOf(a), key);
				assert.ok(next.cached >= 1024, `${next.cached}`);
				// What the second one read is known to the third.
				rowOf(next.id, (row) => {
					assert.equal(row.affinity, i ? 'warm' : 'hashed');
					assert.equal(row.cached_tokens, next.cached);
				});
			}
		});

	test('many beginnings are shared out by weight', async () => {
		const keys = await askMany('two-keys', 80,
			(i) => prompt(`other ${i}`, 5000));

		// 60 are expected; 42 and 78 are four and a half deviations away.
		assert.ok(keys[KEYS.heavy] > 42 && keys[KEYS.heavy] < 78,
			JSON.stringify(keys));
	});

	test('a conversation stays where it began as it grows', async () => {
		const messages = [{ role: 'system', content: prompt('grows', 4500) }];
		const keys = new Set();

		for (let i = 0; i < 12; i++) {
			messages.push({ role: 'user',
				content: prompt(`turn ${i}`, 2500) });
			const answer = await stack.chat({ model: 'two-keys', messages });

			assert.equal(answer.status, 200, answer.text);
			keys.add(await keyOf(a));
			messages.push({ role: 'assistant',
				content: answer.json().choices[0].message.content });
		}
		assert.equal(keys.size, 1, `${[...keys]}`);
	});

	test('short prompts go by chance', async () => {
		const keys = await askMany('even', 40, () => 'A short prompt.');

		assert.equal(Object.keys(keys).length, 2, JSON.stringify(keys));
		const { answer } = await ask('even', 'A short prompt.');

		rowOf(answer.headers['x-request-id'],
			(row) => assert.ok(!row.affinity, row.affinity));
	});

	test('so do all where the provider keeps nothing', async () => {
		const keys = await askMany('forgets', 40, () => prompt('forgotten'));

		assert.equal(Object.keys(keys).length, 2, JSON.stringify(keys));
	});

	test('a key that is refused or limited: on to the other, and back',
		async () => {
			for (const behaviour of ['status=401',
				'status=429,retry_after=2']) {
				const text = prompt(`moves ${behaviour}`);

				for (let i = 0; i < 3; i++)
					await ask('even', text, `Before ${i}?`);
				const key = await keyOf(a);

				await a.control('rules',
					{ rules: [{ behaviour, key }] });
				for (let i = 0; i < 4; i++) {
					await ask('even', text, `Meanwhile ${i}?`);
					assert.notEqual(await keyOf(a), key);
				}
				await a.control('rules', { rules: [] });
				// Both have it now; the draw is the same as before.
				await until(async () => {
					await ask('even', text, 'Again?');
					return await keyOf(a) === key;
				}, `the first key, after ${behaviour}`);
				for (let i = 0; i < 5; i++) {
					const { cached } = await ask('even', text, 'Back?');

					assert.equal(await keyOf(a), key);
					assert.ok(cached >= 1024);
				}
			}
		});

	test('calls at once with one beginning are shared within the bound',
		async () => {
			const text = prompt('everybody');
			const calls = 96, atOnce = 8;
			let left = calls;

			await ask('even', text);
			await ask('even', text);
			// The length of an answer says whose key it was.
			await a.control('rules', { rules: [
				{ behaviour: 'delay_ms=120,tokens=3', key: 'sk-even-1' },
				{ behaviour: 'delay_ms=120,tokens=5', key: 'sk-even-2' },
			] });
			const ids = [];

			await Promise.all(Array.from({ length: atOnce }, async () => {
				while (left-- > 0)
					ids.push((await ask('even', text, `${left}?`)).id);
			}));
			await a.control('rules', { rules: [] });
			const rows = [...(await stack.rows(ids)).values()];
			const counts = {}, why = {};

			for (const { completion_tokens: key, affinity } of rows) {
				counts[key] = (counts[key] ?? 0) + 1;
				why[affinity] = (why[affinity] ?? 0) + 1;
			}
			const [most, least] = Object.values(counts)
				.sort((x, y) => y - x);

			// Half is the share. Rounding up and those that come in the
			// same moment are one call or two above it at any time.
			assert.ok(most / calls <= BOUND / 2 + 2 / atOnce,
				JSON.stringify(counts));
			assert.ok(least > 0, JSON.stringify(counts));
			assert.ok(why.spread > 0, JSON.stringify(why));
			// And when all is quiet it goes to one again.
			const keys = await askMany('even', 10, () => text);

			assert.equal(Object.keys(keys).length, 1,
				JSON.stringify(keys));
		});

	test('a host of a pool, a provider of a model', async () => {
		for (const model of ['pooled', 'both', 'quickest']) {
			const text = prompt(`at ${model}`);
			let cached = 0;

			for (let i = 0; i < 16; i++)
				cached += (await ask(model, text, `${i}?`)).cached > 0;
			// By chance the least latency may change sides at first.
			assert.ok(cached >= (model === 'quickest' ? 13 : 15),
				`${model}: ${cached} of 16`);
		}
	});

	test('many beginnings use all hosts and providers', async () => {
		for (const model of ['pooled', 'both']) {
			const before = await Promise.all([b, c].map(requestsOf));

			for (let i = 0; i < 24; i++)
				await ask(model, prompt(`many ${model} ${i}`, 5000));
			const now = await Promise.all([b, c].map(requestsOf));

			assert.ok(now.every((n, i) => n > before[i]), `${now}`);
		}
	});

	async function requestsOf(host) {
		return (await look(host, 'stats')).requests;
	}

	test('it is measured', async () => {
		const answer = await stack.get('/api/metrics/prometheus');
		const hits = /gateway_prompt_affinity_total\{provider="keyed",choice="warm",cached="yes"\} (\d+)/
			.exec(answer.text);

		assert.ok(hits && Number(hits[1]) >= 23, answer.text);
	});

	test('what the log says', async () => {
		const rows = await stack.rows([...new Set(looks.map(([id]) => id))]);

		for (const [id, look] of looks)
			look(rows.get(id));
	});
}
