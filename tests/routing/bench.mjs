// bench.mjs - what routing by `llm-gateway classify` is worth on judged
// prompts, beside chance and beside prompt length.
//
// 1. Cross-validated: five folds, near-duplicates together; each prompt is
//    scored by weights that saw neither it nor its like.
//    a. Every data set in its folds, as the README of the data measures. The
//       weights of a fold are thrown away, so data that must not be in weights
//       that ship (train_ok false) may be in them.
//    b. As the weights that ship: that data is in no weights, and is scored by
//       weights of all the other data. Without such data, a and b are the same.
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
import { leastFound, measure, measureCascade, measurePerfectCascade, measureRandom,
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

const mayTrain = (row) => row.train_ok;

function crossValidate(rows, groups, inFolds) {
	const scores = new Map();
	const fold = (i) => hashOf(rows[groups[i]].id) % FOLDS;

	for (let f = 0; f < FOLDS; f++) {
		const kept = rows.filter((row, i) => inFolds(row) && fold(i) !== f);
		score(rows.filter((row, i) => inFolds(row) && fold(i) === f),
			train(kept.map((row) => ({ ...row, train_ok: true })), `fold${f}`), scores);
	}
	const others = rows.filter((row) => !inFolds(row));
	if (others.length) score(others, train(rows.filter(inFolds), 'all'), scores);
	return scores;
}

function leaveOneOut(rows, names) {
	const scores = new Map();

	for (const name of names)
		score(rows.filter((row) => row.dataset === name),
			train(rows.filter((row) => mayTrain(row) && row.dataset !== name), name),
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
const trainable = new Set(rows.filter(mayTrain).map((row) => row.dataset));
const names = [...new Set(rows.map((row) => row.dataset))];
const groups = groupRows(rows);
const counts = Object.fromEntries(Object.keys(CLASSES).map((name) => [name, 0]));

console.log(`${rows.length} prompts of ${names.length} data sets, ` +
	`${new Set(groups).size} groups of near-duplicates`);
const folds = crossValidate(rows, groups, mayTrain);
if (trainable.size < names.length)
	report('Cross-validated, every data set in its folds (their weights are thrown away)',
		rows, names, crossValidate(rows, groups, () => true), false);
report('Cross-validated, as the weights that ship: what may not train is scored by ' +
	'weights of the others', rows, names, folds, true);
report('Leave one data set out', rows, names, leaveOneOut(rows, names), false);
for (const answer of folds.values()) counts[answer.class]++;
console.log(`\nClasses: ${JSON.stringify(counts)}`);
reportCascade();

function reportCascade() {
	const accuracies = [0.8, 0.9, 1];
	const parts = [0.1, 0.3, 0.5];
	const columns = (list, word) => list.flatMap((x) =>
		[`${word} ${x.toFixed(2)}`, 'before', 'saved']);
	const wrong = (finds) => 1 - finds;
	const precise = () => 0.01;

	console.log(`
What the check of a cascade must reach. The data keeps no answers that a real
check could look at, so this measures no cascade: it says how good a check must
be for a cascade to be worth more, at the same cost, than choosing before the
call (by score, or by need per cost). Then, for some checks, the part of premium
quality that is reached, that of choosing before for the same cost, and the part
of the premium cost that is saved.

A check that is as often right of good answers as of poor ones, and how often
that must be. At last one that also knows whether the premium answer is better.`);
	table(['least', ...columns(accuracies, 'at'), 'knows', 'quality', 'saved'],
		({ own, orders }) => {
			const best = measurePerfectCascade(own);

			return [leastFound(own, orders, wrong),
				...accuracies.flatMap((finds) =>
					besides(own, orders, { finds, alarms: wrong(finds) })),
				best.share, best.quality, best.saved];
		});
	console.log(`
A check that takes one good answer of a hundred for poor, as a refusal, nothing
said or broken JSON is hardly ever found in a good one, and which part of the poor
answers it must find.`);
	table(['least', ...columns(parts, 'finds')],
		({ own, orders }) => [leastFound(own, orders, precise),
			...parts.flatMap((finds) =>
				besides(own, orders, { finds, alarms: precise() }))]);
}

// A line for each data set, and their mean where all have a number.
function table(head, cellsOf) {
	const line = (name, cells) => console.log(name.padEnd(18) +
		cells.map((x) => (typeof x === 'string' ? x : x?.toFixed(3) ?? 'none')
			.padStart(11)).join(''));
	const all = names.map((name) => cellsOf(ordersOf(name)));

	line('', head);
	names.forEach((name, i) => line(name, all[i]));
	line('mean', head.map((_, column) => (all.some((cells) => cells[column] === null)
		? null : all.reduce((sum, cells) => sum + cells[column], 0) / all.length)));
}

function ordersOf(name) {
	const own = rows.filter((row) => row.dataset === name);
	const scores = own.map((row) => folds.get(row).score);

	return { own, orders: [scores,
		own.map((row, i) => scores[i] / expectedCost(row))] };
}

function besides(own, orders, check) {
	const strong = own.reduce((sum, row) => sum + row.strong, 0);
	const { cost, quality, saved } = measureCascade(own, check);

	return [quality, Math.max(...orders.map((order) =>
		qualityAt(own, order, cost))) / strong, saved];
}
