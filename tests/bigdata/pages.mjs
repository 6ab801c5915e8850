// tests/bigdata/pages.mjs DIR BAR_MS [ROUNDS] - how long each page of the
// dashboard takes, and what a first visit to it sends over the wire, in the
// installation that tests/stack has started in DIR. Prints a table and ends
// with 1 where the 95th percentile of one is above BAR_MS, or a visit above
// 150 KB.
//
// Times are those of an HTTP client on 127.0.0.1, from asking to the last
// byte, by way of the web server; of a file, to its first piece. What the
// database has not in memory is read in the first three rounds, which do not
// count. A visit is the page and all that it loads, compressed as served, and
// nothing of it in the browser's cache.

import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import { addresses } from './addresses.mjs';
import { Installation } from './installation.mjs';

const [directory, bar, rounds = '20'] = process.argv.slice(2);
const BAR_KB = 150;

const installation = new Installation(directory);
const visited = new Map();
let broken = 0;

await installation.login();
console.log(`${'page'.padEnd(68)}  min ms     p50     p95  page KB  visit KB`);
for (const address of addresses(installation.ids()))
	print(address, await measure(address));
console.log(`load of the machine, last minutes: ${os.loadavg()
	.map((load) => load.toFixed(1)).join(' ')}`);
console.log(broken ? `${broken} above ${bar} ms or ${BAR_KB} KB`
	: `none above ${bar} ms or ${BAR_KB} KB`);
process.exit(broken ? 1 : 0);

async function measure({ path, isPage, isFile }) {
	const times = [];
	let answer;

	for (let round = -2; round <= Number(rounds); round++) {
		answer = await installation.get(path,
			{ html: isPage, firstPiece: isFile });
		if (round > 0)
			times.push(answer.ms);
		// The piece that is being made when it is cut comes to its end.
		if (isFile)
			await sleep(200);
		// What takes seconds is known well enough.
		if (times.length > 2 && answer.ms > 1000)
			break;
	}
	times.sort((a, b) => a - b);
	return { status: answer.status, times, kb: answer.bytes / 1024,
		visit_kb: isPage ? (answer.bytes + await loaded(answer)) / 1024 : 0 };
}

function print({ path }, { status, times, kb, visit_kb: visit }) {
	const p95 = quantile(times, 0.95);
	const is_bad = p95 > Number(bar) || status >= 500 ||
		visit > BAR_KB;
	const cell = (number, width) => number.toFixed(1).padStart(width);

	broken += is_bad;
	console.log(path.slice(0, 68).padEnd(68), cell(times[0], 8),
		cell(quantile(times, 0.5), 7), cell(p95, 7), cell(kb, 8),
		visit ? cell(visit, 9) : ' '.repeat(9),
		status >= 500 ? ` status ${status}` : is_bad ? ' <- too much' : '');
}

function quantile(sorted, share) {
	return sorted[Math.ceil(sorted.length * share) - 1];
}

// Bytes of the scripts, styles and pictures that a page names, and those that
// its scripts import.
async function loaded(page) {
	const left = addressesIn(page.body, page.status);
	const seen = new Set();
	let bytes = 0;

	while (left.length) {
		const address = left.pop();

		if (seen.has(address))
			continue;
		seen.add(address);
		if (!visited.has(address))
			visited.set(address, await fetchFile(address));
		bytes += visited.get(address).bytes;
		left.push(...visited.get(address).imports);
	}
	return bytes;
}

function addressesIn(body) {
	return [...body.toString().matchAll(
		/<(?:script|link|img|use)\b[^>]*?(?:src|href)="(\/_\/[^"#]*)/g)]
		.map(([, address]) => address);
}

async function fetchFile(address) {
	const { bytes, status } = await installation.get(address);
	const { body } = await installation.get(address, { gzip: false });

	if (status !== 200)
		throw new Error(`${address}: ${status}`);
	return { bytes, imports: /\.js/.test(address)
		? [...body.toString().matchAll(/(?:from|import)\s*['"](\.{1,2}\/[^'"]+)/g)]
			.map(([, to]) => new URL(to, `http://x${address}`).pathname)
		: [] };
}
