// data.mjs - the judged prompts, and folds in which near-duplicates stay
// together.
//
// ROUTING_DATA names a folder of *.jsonl or *.jsonl.gz (default
// tests/data/routing). A line is {"id","dataset","prompt","weak","strong",
// "weak_cost","strong_cost","train_ok",...}.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const seedFile = path.join(root, 'tests/routing/seed.jsonl');
export const dataFolder = path.resolve(
	process.env.ROUTING_DATA ?? path.join(root, 'tests/data/routing'));

export function readRows(folder = dataFolder) {
	const rows = [];
	const names = fs.readdirSync(folder)
		.filter((name) => /\.jsonl(\.gz)?$/.test(name)).sort();

	for (const name of names) {
		const bytes = fs.readFileSync(path.join(folder, name));
		const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
		for (const line of text.split('\n'))
			if (line.trim()) rows.push(JSON.parse(line));
	}
	if (!rows.length) throw new Error(`${folder} has no *.jsonl`);
	return rows;
}

// Two prompts are near-duplicates when they share this part of the shorter
// one's runs of five words. Runs that very many prompts have are a form (a
// preamble, a table of options) and not the question itself.
const SHARED = 0.3;
const RUN = 5;
const FORM = 60;

export function groupRows(rows) {
	const runs = rows.map((row) => runsOf(row.prompt));
	const owners = new Map();
	const parent = rows.map((_, i) => i);
	const find = (i) => {
		while (parent[i] !== i) i = parent[i] = parent[parent[i]];
		return i;
	};

	runs.forEach((set, i) => {
		for (const run of set) {
			if (!owners.has(run)) owners.set(run, []);
			owners.get(run).push(i);
		}
	});
	runs.forEach((set, i) => {
		const shared = new Map();
		for (const run of set) {
			const list = owners.get(run);
			if (list.length > FORM) continue;
			for (const j of list)
				if (j < i) shared.set(j, (shared.get(j) ?? 0) + 1);
		}
		for (const [j, count] of shared)
			if (count >= SHARED * Math.min(set.size, runs[j].size))
				parent[find(i)] = find(j);
	});
	return rows.map((_, i) => find(i));
}

function runsOf(prompt) {
	const words = prompt.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
	const runs = new Set();

	for (let i = 0; i + RUN <= words.length; i++)
		runs.add(words.slice(i, i + RUN).join(' '));
	if (!runs.size) runs.add(words.join(' '));
	return runs;
}

// A number from 0 on that depends on nothing but the text.
export function hashOf(text) {
	let hash = 0x811c9dc5;
	for (const c of Buffer.from(text))
		hash = Math.imul(hash ^ c, 0x01000193) >>> 0;
	hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
	return (hash ^ (hash >>> 13)) >>> 0;
}
