// redis.test.mjs - two hosts that share a Redis share their limits; one that
// is killed under them stops no call for long, and is found again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { hello, program, root, run, until, useStack } from './stack.mjs';

const RPM = 6;
const first = useStack({ redis: true, processes: 2 }, (stack) =>
	stack.addModel('one'));
let second;

// The other host needs the first one's Redis before it can begin. Its database
// is another one, where the same keys have the same numbers.
before(async () => {
	await until(() => first.env?.REDIS_URL, 'the first host', { ms: 60000 });
	second = new first.constructor({ redis: first.env.REDIS_URL });
	await second.up();
	await second.addModel('one');
}, { timeout: 120000 });
after(() => second?.down(), { timeout: 60000 });

// The same key on both hosts: { id, keys }, one key for each.
async function sameKey(name, ...words) {
	const made = [await first.createKey(name, ...words),
		await second.createKey(name, ...words)];

	assert.equal(made[0].id, made[1].id);
	return made.map(({ key }) => key);
}

function ask(host, key) {
	return host.chat(hello('one', { max_tokens: 10 }), { key });
}

async function statuses(asked) {
	const answers = await Promise.all(asked);

	return answers.map(({ status }) => status);
}

function count(list, status) {
	return list.filter((each) => each === status).length;
}

function check(...words) {
	return run(program, ['check', '--config', first.env.CONFIG,
		'--sql-dir', `${root}/sql`, '--json', ...words]);
}

test('a rate is one for all processes of all hosts', async () => {
	const [one, two] = await sameKey('rate', '--rpm', String(RPM));
	const got = await statuses(Array.from({ length: 3 * RPM }, (_, i) =>
		i % 2 ? ask(first, one) : ask(second, two)));

	assert.equal(count(got, 200), RPM, got.join());
	assert.equal(count(got, 429), 2 * RPM, got.join());
});

test('a budget is one for all hosts', async () => {
	const [one, two] = await sameKey('budget', '--budget-daily', '0.0002');
	let spent = 0;

	await until(async () => {
		const answer = await ask(first, one);

		spent += answer.status === 200;
		return answer.status !== 200;
	}, 'the end of the budget', { every: 0 });
	assert.ok(spent > 0);
	assert.equal((await ask(second, two)).status, 402);
});

test('check says whether Redis answers', async () => {
	const good = await check();

	assert.equal(good.status, 0, good.err);
	assert.equal(JSON.parse(good.out).redis, 'ok');
	for (const [url, why] of [
		['redis://me:hidden@127.0.0.1', /redis\.password_file/],
		['redis://127.0.0.1:1', /cannot connect/],
	]) {
		const bad = await check('--set', `redis.url=${url}`);

		assert.equal(bad.status, 1, bad.out);
		assert.match(JSON.parse(bad.out).redis, why);
		assert.doesNotMatch(bad.out + bad.err, /hidden/);
	}
});

test('calls go on without Redis, and are counted by it again', async () => {
	const [one, two] = await sameKey('killed', '--rpm', String(RPM));

	assert.equal((await ask(first, one)).status, 200);
	await first.kill('redis');
	const without = await Promise.all([ask(first, one), ask(second, two)]);

	for (const answer of without)
		assert.equal(answer.status, 200, answer.text);
	assert.match(JSON.parse((await check()).out).redis, /cannot connect/);
	await first.start('redis');
	// It is tried again in a moment; until then each would let one call in.
	await until(async () => {
		const [again, twice] = await sameKey('again', '--rpm', '1');
		const got = await statuses([ask(first, again), ask(second, twice)]);

		return count(got, 200) === 1 && count(got, 429) === 1;
	}, 'both hosts to share their limits again', { ms: 30000 });
});
