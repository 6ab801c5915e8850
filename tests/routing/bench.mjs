// bench.mjs - what routing by `llm-gateway classify` is worth on judged
// prompts, beside chance and beside prompt length.
//
// 1. Cross-validated: five folds, near-duplicates together; each prompt is
//    scored by weights that saw neither it nor its like. Data that must not be
//    trained on (train_ok false) is scored by weights of all the other data.
// 2. Leave one out: each data set by weights of the others alone.
//
// Everything goes through the program itself: `classify train`, `classify
// --jsonl`. LLM_GATEWAY names it, ROUTING_DATA the data (data.mjs).

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { groupRows, hashOf, readRows, seedFile } from './data.mjs';
import { leastAccuracy, measure, measureCascade, measurePerfectCascade, measureRandom,
	qualityAt } from './measure.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const program = path.resolve(process.env.LLM_GATEWAY ??
	path.join(root, 'build/gcc/llm-gateway'));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gateway-routing-'));
const FOLDS = 5;
// Taken for an answer where none is known yet: so many tokens, at three times
// the price of a prompt's.
const ANSWER_TOKENS = 150;
const OUTPUT_PRICE = 3;

process.on('exit', () => fs.rmSync(folder, { recursive: true }));

function gateway(words, input = '') {
	const { status, stdout, stderr } = spawnSync(program, words,
		{ input, encoding: 'utf8', maxBuffer: 1 << 30 });
	if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
	return stdout;
}

const lines = (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

function train(rows, name) {
	const from = path.join(folder, `${name}.jsonl`);
	const out = path.join(folder, `${name}.weights`);

	fs.writeFileSync(from, lines(rows));
	gateway(['classify', 'train', '--from', from, '--from', seedFile, '--out', out]);
	fs.rmSync(from);
	return out;
}

function score(rows, weights, scores) {
	const out = gateway(['classify', '--jsonl', '--weights', weights],
		lines(rows.map(({ id, prompt }) => ({ id, prompt }))));
	out.trimEnd().split('\n').forEach((line, i) => {
		const answer = JSON.parse(line);
		if (answer.id !== rows[i].id) throw new Error(`${line}: not ${rows[i].id}`);
		scores.set(rows[i], answer);
	});
}

function crossValidate(rows, groups) {
	const scores = new Map();
	const fold = (i) => hashOf(rows[groups[i]].id) % FOLDS;

	for (let f = 0; f < FOLDS; f++) {
		const kept = rows.filter((row, i) => row.train_ok && fold(i) !== f);
		score(rows.filter((row, i) => row.train_ok && fold(i) === f),
			train(kept, `fold${f}`), scores);
	}
	const others = rows.filter((row) => !row.train_ok);
	if (others.length)
		score(others, train(rows.filter((row) => row.train_ok), 'all'), scores);
	return scores;
}

function leaveOneOut(rows, names) {
	const scores = new Map();

	for (const name of names)
		score(rows.filter((row) => row.dataset === name),
			train(rows.filter((row) => row.train_ok && row.dataset !== name), name),
			scores);
	return scores;
}

const CLASSES = { simple: 0, medium: 1, complex: 2 };
const expectedCost = (row) =>
	Buffer.byteLength(row.prompt) / 4 + OUTPUT_PRICE * ANSWER_TOKENS;
const length = (row) => Buffer.byteLength(row.prompt);

function print(name, what, found) {
	const cells = [found.apgr, found.overCost, found.cpt50, found.cpt80,
		found.saved95, found.saved90].map((x) => x.toFixed(3).padStart(8));
	console.log(name.padEnd(18) + what.padEnd(22) + cells.join(''));
}

function report(title, rows, names, scores, baselines) {
	const means = new Map();
	const add = (name, what, found) => {
		print(name, what, found);
		if (!means.has(what)) means.set(what, []);
		means.get(what).push(found);
	};

	console.log(`\n${title}\n${''.padEnd(40)}${['APGR', 'per $', 'CPT 50', 'CPT 80',
		'save 95', 'save 90'].map((x) => x.padStart(8)).join('')}`);
	for (const name of names) {
		const own = rows.filter((row) => row.dataset === name);
		add(name, 'classifier', measure(own, own.map((row) => scores.get(row).score)));
		add(name, 'its three classes', measure(own,
			own.map((row) => CLASSES[scores.get(row).class])));
		add(name, 'need per cost', measure(own,
			own.map((row) => scores.get(row).score / expectedCost(row))));
		if (!baselines) continue;
		add(name, 'length', measure(own, own.map(length)));
		add(name, 'random', measureRandom(own));
	}
	for (const [what, all] of means) {
		const trained = all.filter((_, i) => trainable.has(names[i]));
		print('mean', what, mean(all));
		if (trained.length < all.length)
			print('mean, trained on', what, mean(trained));
	}
}

function mean(all) {
	return Object.fromEntries(Object.keys(all[0]).map((key) =>
		[key, all.reduce((sum, found) => sum + found[key], 0) / all.length]));
}

const rows = readRows();
const trainable = new Set(rows.filter((row) => row.train_ok).map((row) => row.dataset));
const names = [...new Set(rows.map((row) => row.dataset))];
const groups = groupRows(rows);
const counts = Object.fromEntries(Object.keys(CLASSES).map((name) => [name, 0]));

console.log(`${rows.length} prompts of ${names.length} data sets, ` +
	`${new Set(groups).size} groups of near-duplicates`);
const folds = crossValidate(rows, groups);
report('Cross-validated', rows, names, folds, true);
report('Leave one data set out', rows, names, leaveOneOut(rows, names), false);
for (const answer of folds.values()) counts[answer.class]++;
console.log(`\nClasses: ${JSON.stringify(counts)}`);
reportCascade();

function reportCascade() {
	console.log(`
What the check of a cascade must reach. The data keeps no answers that a real
check could look at, so this measures no cascade: it says how often a check
must be right, of good and of poor cheap answers alike, for a cascade to be worth
more, at the same cost, than choosing before the call (score, or need per cost).
least: that accuracy. Then, for checks of 0.80, 0.90 and 1.00: the part of premium
quality that is reached, that of choosing before for the same cost, and the part
of the premium cost that is saved. At last a check that also knows whether the
premium answer is better: escalated, quality, saved.`);
	console.log(''.padEnd(18) + ['least', ...[0.8, 0.9, 1].flatMap((accuracy) =>
		[`at ${accuracy.toFixed(2)}`, 'before', 'saved']), 'knows', 'quality', 'saved']
		.map((x) => x.padStart(8)).join(''));
	for (const name of names) {
		const own = rows.filter((row) => row.dataset === name);
		const scores = own.map((row) => folds.get(row).score);
		const orders = [scores, own.map((row, i) => scores[i] / expectedCost(row))];
		const strong = own.reduce((sum, row) => sum + row.strong, 0);
		const cells = [0.8, 0.9, 1].flatMap((accuracy) => {
			const { cost, quality, saved } = measureCascade(own, accuracy);
			return [quality, Math.max(...orders.map((order) =>
				qualityAt(own, order, cost))) / strong, saved];
		});
		const best = measurePerfectCascade(own);
		console.log(name.padEnd(18) + (leastAccuracy(own, orders)?.toFixed(2) ?? 'none')
			.padStart(8) + [...cells, best.share, best.quality, best.saved]
			.map((x) => x.toFixed(3).padStart(8)).join(''));
	}
}
