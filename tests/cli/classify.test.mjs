// classify.test.mjs - `llm-gateway classify` and `classify train`: offline,
// without a configuration, for any input.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { measure } from '../routing/measure.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const program = path.resolve(root, process.env.LLM_GATEWAY ?? 'build/gcc/llm-gateway');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gateway-classify-'));
const lexicon = path.join(root, 'conf/classifier/lexicon');
const weights = path.join(root, 'conf/classifier/weights');

after(() => fs.rmSync(folder, { recursive: true }));

function gateway(words, input = '') {
	const result = spawnSync(program, words, {
		input, cwd: folder, maxBuffer: 1 << 28, env: { PATH: process.env.PATH },
	});
	assert.ifError(result.error);
	return { status: result.status, out: result.stdout.toString(),
		err: result.stderr.toString() };
}

function classify(prompts) {
	const lines = prompts.map((prompt, id) => `${JSON.stringify({ id, prompt })}\n`);
	const { status, out, err } = gateway(
		['classify', '--jsonl', '--weights', weights], lines.join(''));
	assert.equal(status, 0, err);
	return out.trimEnd().split('\n').map((line) => JSON.parse(line));
}

test('lines come back in order, each with score, class and task', () => {
	const answers = classify(['What is the capital of France?',
		'Prove that every finite integral domain is a field, step by step.']);

	assert.deepEqual(answers.map(({ id }) => id), [0, 1]);
	for (const answer of answers) {
		assert.deepEqual(Object.keys(answer), ['id', 'score', 'class', 'task']);
		assert.ok(answer.score > 0 && answer.score < 1);
	}
	assert.equal(answers[0].class, 'simple');
	assert.equal(answers[1].class, 'complex');
	assert.equal(answers[1].task, 'proof');
	assert.ok(answers[0].score < answers[1].score);
});

test('the same prompt has the same score, whatever stands around it', () => {
	const [a, , b] = classify(['Why is the sky blue?', 'x'.repeat(100000), 'Why is the sky blue?']);

	assert.equal(a.score, b.score);
});

test('any prompt is scored: empty, huge, binary, no UTF-8', () => {
	classify(['', ' ', '\0\u0001', '𝛼β'.repeat(50000), '{"a":'.repeat(10000), '日本語の質問']);
	const bytes = Buffer.concat([Buffer.from('{"id":"b","prompt":"caf'),
		Buffer.from([0xe9, 0xff, 0xc3]), Buffer.from(' is \\u00e9 \\ud800"}\n\n')]);
	const { status, out, err } = gateway(
		['classify', '--jsonl', '--weights', weights], bytes);

	assert.equal(status, 0, err);
	assert.equal(JSON.parse(out).id, 'b');
	assert.equal(gateway(['classify', '--jsonl', '--weights', weights], '').out, '');
});

test('a line of 20 MB is one line', () => {
	const [answer] = classify(['word '.repeat(4 << 20)]);

	assert.equal(answer.id, 0);
});

test('a bad line is named, after the answers to those before it', () => {
	const good = '{"id":"a","prompt":"hello"}\n';
	const cases = [['{"prompt":"x"}', /Line 2: id is missing/],
		['{"id":"b"}', /Line 2: prompt is missing/],
		['{"id":null,"prompt":"x"}', /Line 2: id/],
		['{"id":"b","prompt":7}', /Line 2: prompt/],
		['["x"]', /Line 2: an object/], ['{"id":', /Line 2: /]];

	for (const [line, pattern] of cases) {
		const { status, out, err } = gateway(
			['classify', '--jsonl', '--weights', weights], `${good}${line}\n${good}`);
		assert.equal(status, 1);
		assert.match(err, pattern);
		assert.equal(out.trimEnd().split('\n').length, 1);
	}
});

test('one prompt is explained, from the command line or standard input', () => {
	const words = ['classify', '--weights', weights, '--json'];
	const answer = JSON.parse(gateway([...words, 'Prove this theorem by induction']).out);
	const same = JSON.parse(gateway(words, 'Prove this theorem by induction').out);

	assert.deepEqual(answer, same);
	assert.equal(answer.class, 'complex');
	assert.ok(answer.reasons.some(({ feature, weight }) => feature === 'proof' && weight > 0));
	assert.match(gateway(words.slice(0, 3), 'Hi').out, /class/);
});

test('the data folder is found, or said', () => {
	const found = gateway(['classify', 'Hi', '--set', `server.data_dir=${path.join(root, 'conf')}`,
		'--config', '/dev/null']);
	assert.equal(found.status, 0, found.err);
	const missing = gateway(['classify', 'Hi', '--set', `server.data_dir=${folder}`,
		'--config', '/dev/null']);
	assert.equal(missing.status, 1);
	assert.match(missing.err, /classifier\/weights/);
});

test('weights that are none are refused', () => {
	const broken = path.join(folder, 'broken');
	const bytes = fs.readFileSync(weights);

	for (const content of [Buffer.from('no weights'), bytes.subarray(0, 5000),
		Buffer.concat([bytes.subarray(0, 40000), Buffer.from([bytes[40000] ^ 1]),
			bytes.subarray(40001)])]) {
		fs.writeFileSync(broken, content);
		const { status, out, err } = gateway(['classify', '--weights', broken, 'Hi']);
		assert.equal(status, 1);
		assert.equal(out, '');
		assert.match(err, /weights|bytes/);
	}
});

test('what makes no sense is refused', () => {
	assert.equal(gateway(['classify', '--jsonl', 'Hi']).status, 2);
	assert.equal(gateway(['classify', 'train', '--out', 'x']).status, 2);
	assert.equal(gateway(['classify', 'train', '--from', 'x']).status, 2);
	assert.match(gateway(['classify', 'train', '--from', 'gone', '--out', 'x',
		'--lexicon', lexicon]).err, /gone/);
	assert.match(gateway(['classify', 'train', '--from', folder, '--out', 'x',
		'--lexicon', lexicon]).err, /cannot be read|directory/);
});

function rows(dataset, count, more = {}) {
	return Array.from({ length: count }, (_, i) => ({
		id: `${dataset}${i}`, dataset, prompt: `thing${i} ${i % 2 ? 'quaternion' : 'colour'} n${i * 3}`,
		weak: 1 - i % 2, strong: 1, ...more,
	}));
}

function train(sets, more = []) {
	const from = sets.flatMap((set, i) => {
		const file = path.join(folder, `rows${i}`);
		fs.writeFileSync(file, set.map((row) => `${JSON.stringify(row)}\n`).join(''));
		return ['--from', file];
	});
	const out = path.join(folder, 'own');
	const result = gateway(['classify', 'train', ...from, '--out', out,
		'--lexicon', lexicon, '--json', ...more]);
	return { ...result, weights: out };
}

test('own weights learn what the own log shows, bit by bit the same', () => {
	const first = train([rows('one', 100)]);
	assert.equal(first.status, 0, first.err);
	assert.deepEqual(JSON.parse(first.out), { weights: first.weights, rows: 100 });
	const bytes = fs.readFileSync(first.weights);
	train([rows('one', 100)]);
	assert.ok(bytes.equals(fs.readFileSync(first.weights)));

	const lines = '{"id":1,"prompt":"a quaternion"}\n{"id":2,"prompt":"a colour"}\n';
	const [hard, easy] = gateway(['classify', '--jsonl', '--weights', first.weights], lines)
		.out.trimEnd().split('\n').map((line) => JSON.parse(line));
	assert.ok(hard.score > easy.score);
});

test('a data set held out, or not to be trained on, is measured only', () => {
	const plain = train([rows('one', 100)]);
	const bytes = fs.readFileSync(plain.weights);
	const held = train([rows('one', 100), rows('two', 60)], ['--hold-out', 'two', '--report']);
	assert.equal(held.status, 0, held.err);
	assert.ok(bytes.equals(fs.readFileSync(held.weights)));
	const [one, two] = JSON.parse(held.out);
	assert.equal(one.measured, '5 folds');
	assert.equal(two.measured, 'held out');
	assert.ok(two.apgr > 0.74 && two.apgr <= 0.75);
	train([rows('one', 100), rows('two', 60, { train_ok: false })]);
	assert.ok(bytes.equals(fs.readFileSync(held.weights)));
	const wrong = train([rows('one', 100)], ['--hold-out', 'three']);
	assert.equal(wrong.status, 1);
	assert.match(wrong.err, /three/);
});

// The yardstick of tests/routing itself.
test('measure: best, worst and flat orders', () => {
	const own = rows('one', 100).map((row) => ({ ...row, weak_cost: 1, strong_cost: 10 }));
	const gain = own.map((row) => row.strong - row.weak);
	const best = measure(own, gain), worst = measure(own, gain.map((x) => -x));

	assert.ok(Math.abs(best.apgr - 0.75) < 1e-9);
	assert.ok(Math.abs(worst.apgr - 0.25) < 1e-9);
	assert.ok(Math.abs(best.overCost - 0.75) < 1e-9);
	assert.equal(best.cpt50, 0.25);
	assert.equal(worst.cpt50, 0.75);
	// 45 of 50 gains reach 95 % of the quality: 45 premium calls, 55 cheap.
	assert.ok(Math.abs(best.saved95 - (1 - (450 + 55) / 1000)) < 1e-9);
});
