// pool.test.mjs - three machines with Ollama as one provider: a call goes to
// one that has the model, by weight; one that dies is left alone, and used
// again when it is back; one that is taken out gets no call any more.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Host } from './pool_hosts.mjs';
import { hello, sleep, until, useStack } from './stack.mjs';

const CALLS = 60;
const INTERVAL_MS = 200;
// A host that fails rests for two seconds at first.
const WELL_AGAIN_MS = 15000;

const a = new Host('a', ['llama3', 'shared']);
const b = new Host('b', ['qwen3:latest', 'shared']);
const c = new Host('c', ['gemma3', 'shared']);
const hosts = [a, b, c];

const stack = useStack({ set: { 'upstream.pool_interval_ms': INTERVAL_MS } },
	async (stack) => {
		await Promise.all(hosts.map((host) => host.start()));
		await stack.cli(['provider', 'add', 'machines',
			'--dialect', 'ollama', '--base-url', a.url]);
		await stack.cli(['host', 'add', 'machines', b.url]);
		await stack.cli(['host', 'add', 'machines', c.url]);
		for (const model of ['llama3', 'qwen3', 'gemma3', 'shared',
			'nowhere'])
			await stack.cli(['model', 'add', model,
				'--provider', 'machines']);
	});

after(() => Promise.all(hosts.map((host) => host.die())));

test('a call goes to a host that has the model', async () => {
	await untilNot('nowhere');
	for (const [model, host] of [['llama3', a], ['qwen3', b], ['gemma3', c]])
		for (let i = 0; i < CALLS / 6; i++)
			assert.equal(await ask(model), host.name);
});

test('hosts of one model share its calls', async () => {
	const counts = await askMany('shared');

	// That one of three is never drawn has a chance of 3e-11.
	assert.deepEqual(Object.keys(counts).sort(), ['a', 'b', 'c']);
});

test('by their weights', async () => {
	await stack.cli(['host', 'add', 'machines', b.url, '--weight', '1000']);
	await until(async () =>
		((await askMany('shared', 10)).b ?? 0) >= 9, 'the weight');
	const { b: many } = await askMany('shared');

	// Each other host is drawn first about once in a thousand calls.
	assert.ok(many > CALLS * 0.8, `${many} of ${CALLS}`);
	await stack.cli(['host', 'add', 'machines', b.url, '--weight', '1']);
	await until(async () =>
		Object.keys(await askMany('shared', 20)).length === 3, 'all');
});

test('a model that no host has is refused', async () => {
	const answer = await stack.chat(hello('nowhere'));

	assert.equal(answer.status, 503, answer.text);
	assert.equal(answer.json().error.code, 'no_provider');
	assert.ok(Number(answer.headers['retry-after']) > 0);
});

test('what a host gets and gives away is noticed', async () => {
	await b.setModels(['llama3', 'shared']);
	await a.setModels(['shared']);
	await until(async () => await ask('llama3') === 'b', 'the new list');
	for (let i = 0; i < CALLS / 6; i++)
		assert.equal(await ask('llama3'), 'b');
	await untilNot('qwen3');
	await a.setModels(['llama3', 'shared']);
	await b.setModels(['qwen3:latest', 'shared']);
	await until(async () => await ask('llama3') === 'a', 'the old list');
});

test('a host dies: no call fails, streamed or not', async () => {
	await c.die();
	for (const stream of [false, true])
		for (let i = 0; i < CALLS / 2; i++) {
			const answer = await stack.chat(hello('shared', { stream }));

			assert.equal(answer.status, 200, answer.text);
		}
	const counts = await askMany('shared');

	assert.deepEqual(Object.keys(counts).sort(), ['a', 'b']);
	// It rests: calls do not go there first any more.
	await until(async () => {
		const answer = await stack.chat(hello('shared'));

		return answer.headers['x-gateway-attempts'] === undefined;
	}, 'a call that needs one attempt');
});

test('the only host of a model is dead', async () => {
	const answer = await stack.chat(hello('gemma3'));

	assert.ok([502, 503].includes(answer.status), answer.text);
});

test('it comes back: it is used again', async () => {
	await c.start();
	await until(async () => (await ask('gemma3', [200, 502, 503])) === 'c',
		'the host that came back', { ms: WELL_AGAIN_MS });
	await until(async () =>
		Object.keys(await askMany('shared', 20)).length === 3,
	'all three', { ms: WELL_AGAIN_MS });
});

test('calls go on while hosts die and come back', async () => {
	let goesOn = true;
	const seen = [];
	const callers = Array.from({ length: 4 }, async () => {
		while (goesOn) {
			const answer = await stack.chat(hello('shared'));

			seen.push(answer.status);
		}
	});

	for (const host of [b, c]) {
		await sleep(150);
		await host.die();
		await sleep(150);
		await host.start();
		await sleep(150);
	}
	goesOn = false;
	await Promise.all(callers);
	assert.ok(seen.length > 50, `${seen.length} calls`);
	// One that was half answered when its host died has failed.
	assert.ok(seen.filter((status) => status !== 200).length <= 8,
		`${seen}`);
});

test('a host taken out gets no calls', async () => {
	await stack.cli(['host', 'remove', 'machines', b.url]);
	await untilNot('qwen3');
	const { requests } = await statsOf(b);

	// Nor is it asked for its models.
	await sleep(3 * INTERVAL_MS);
	assert.equal((await statsOf(b)).requests, requests);
	const counts = await askMany('shared');

	assert.ok(!('b' in counts), JSON.stringify(counts));
});

// Who answered: each host says its name, once.
async function ask(model, statuses = [200]) {
	await Promise.all(hosts.filter((host) => host.isUp)
		.map((host) => host.answer()));
	const answer = await stack.chat(hello(model));

	assert.ok(statuses.includes(answer.status), answer.text);
	return answer.status === 200
		? answer.json().choices[0].message.content : undefined;
}

async function askMany(model, calls = CALLS) {
	const counts = {};

	for (let i = 0; i < calls; i++) {
		const name = await ask(model);

		counts[name] = (counts[name] ?? 0) + 1;
	}
	return counts;
}

// Wait until it is known that no host has the model.
function untilNot(model) {
	return until(async () => {
		const answer = await stack.chat(hello(model));

		return answer.status === 503;
	}, `${model} to be nowhere`);
}

async function statsOf(host) {
	return (await fetch(`${host.url}/_simulator/stats`)).json();
}
