// bench.mjs - measures what the gateway costs, beside an nginx that only
// passes requests on. README.md says how to read what it prints.
//
//   tests/bench/run [--quick] [--body-kb N] [--json FILE]
//
// QUICK=1 and BODY_KB=N in the environment say the same; BUILD names the
// folder of the binaries. All of it is in a folder of its own under the
// temporary one, listens on 127.0.0.1 only, and is gone at the end.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { build, chat, interrupt, Proxy, root, Stack } from './installation.mjs';
import { loadRequests, loadStreams, watchMemory } from './load.mjs';
import { compared, medians, text } from './report.mjs';
import { measureStart } from './start.mjs';

const FULL = {
	limit_s: 290, // for all of it
	rounds: 5, seconds: 3, connections: 32,
	one_client_seconds: 2, first_chunk_streams: 300,
	fcgid_rounds: 2, fcgid_seconds: 2, fcgid_connections: 8,
	relay_rounds: 3, relay_streams: 32, relay_tokens: 500, relay_gap_ms: 4,
	slow_streams: 2000, slow_tokens: 7, slow_gap_ms: 1000, slow_ramp_ms: 3000,
	starts: 5,
};
const QUICK = {
	...FULL, limit_s: 75,
	rounds: 2, seconds: 1, one_client_seconds: 1, first_chunk_streams: 100,
	fcgid_rounds: 1, fcgid_seconds: 1,
	relay_rounds: 1, relay_tokens: 200,
	slow_streams: 300, slow_gap_ms: 200, slow_ramp_ms: 300,
	starts: 2,
};

function readOptions(words) {
	let quick = !['', '0', undefined].includes(process.env.QUICK);
	let body_kb = Number(process.env.BODY_KB || 2);
	let json = path.join(root, 'build/bench.json');

	for (let i = 0; i < words.length; i++) {
		if (words[i] === '--quick')
			quick = true;
		else if (words[i] === '--body-kb')
			body_kb = Number(words[++i]);
		else if (words[i] === '--json')
			json = path.resolve(words[++i] ?? '');
		else
			usage();
	}
	if (!(body_kb >= 1 && body_kb <= 20000))
		usage();
	return { ...(quick ? QUICK : FULL), quick, body_bytes: Math.round(body_kb * 1024), json };
}

function usage() {
	process.stderr.write('usage: tests/bench/run [--quick] [--body-kb 1-20000] [--json FILE]\n');
	process.exit(2);
}

class Bench {
	constructor(options) {
		this.options = options;
		this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llm-gateway-bench.'));
		fs.chmodSync(this.folder, 0o711); // the web servers' user passes
		this.nginx = new Stack(path.join(this.folder, 'nginx'), 'nginx');
		this.apache = new Stack(path.join(this.folder, 'apache'), 'apache');
		this.notes = new Set();
		this.began = Date.now();
	}

	async up() {
		this.say('starting');
		await Promise.all([this.nginx.up(), this.apache.up()]);
		const cached_key = await this.nginx.createCachedKey();

		this.proxy = new Proxy(path.join(this.folder, 'proxy'), this.nginx.env.SIMULATOR_URL,
			await this.measureKept(cached_key));
		await this.proxy.up();
		for (const [model, upstream] of Object.entries(this.models()))
			await this.nginx.addModel(model, upstream);
		await this.nginx.addTranslated('other', 'anthropic');
		await this.nginx.addModel('translated', 'sandbox-small', 'other');
		await this.nginx.addModel('translated-relay', this.models()['bench-relay'], 'other');
		this.makePaths(await this.nginx.createGovernedKey(), cached_key);
		for (const target of Object.values(this.paths))
			await this.check(target);
	}

	// Streams of a known pace: ours are asked for by the name on the left.
	models() {
		const o = this.options;

		return {
			'bench-first': 'bench?tokens=4',
			'bench-relay': `bench?tokens=${o.relay_tokens},gap_ms=${o.relay_gap_ms}`,
			'bench-slow': `bench?tokens=${o.slow_tokens},gap_ms=${o.slow_gap_ms}`,
		};
	}

	makePaths(governed_key, cached_key) {
		const { nginx, apache, proxy } = this;
		const url = (base) => new URL('/v1/chat/completions', base);
		const bare = (address, parts) => ({ url: url(address), parts, governed: false,
			key: nginx.env.GATEWAY_KEY, simulator: nginx.env.SIMULATOR_URL });
		const governed = (stack) => ({ url: url(stack.env.BASE_URL), parts: () => stack.parts(),
			governed: true, key: stack.env.GATEWAY_KEY, simulator: stack.env.SIMULATOR_URL });
		const simulator = nginx.pid('simulator');

		this.paths = {
			'simulator alone': bare(nginx.env.SIMULATOR_URL, () => ({ simulator: [simulator] })),
			'nginx proxy_pass': bare(`http://127.0.0.1:${proxy.port}`, () => proxy.parts(simulator)),
			'nginx + gateway': governed(nginx),
			'Apache + gateway': governed(apache),
		};
		// One client's dialect, two providers': as it came, and translated.
		this.ways = {
			'passed through': { ...governed(nginx), chat_model: 'sandbox-small', relay_model: 'bench-relay' },
			translated: { ...governed(nginx), chat_model: 'translated', relay_model: 'translated-relay' },
		};
		// The client says who answers, or the router does.
		this.routes = {
			'a named model': { ...governed(nginx), chat_model: 'sandbox-small' },
			auto: { ...governed(nginx), chat_model: 'auto' },
		};
		// A key that nothing limits, and one with all that there is.
		this.keys = {
			'no limits': { ...governed(nginx), unique: true },
			'limits, budgets, cache': { ...governed(nginx), unique: true, key: governed_key },
		};
		this.answers = {
			'from the cache': { ...governed(nginx), key: cached_key, keeps_answers: true, needs_no_provider: true },
			'missed, then kept': { ...governed(nginx), key: cached_key, unique: true },
			'a file': { ...bare(`http://127.0.0.1:${proxy.port}`, () => proxy.parts(simulator)),
				url: new URL('/static', `http://127.0.0.1:${proxy.port}`), needs_no_provider: true },
		};
	}

	// What is asked again and again: nothing in it is left to chance.
	keptBody() {
		return chat('sandbox-small', this.options.body_bytes, { temperature: 0 });
	}

	// It is kept; how long the answer is.
	async measureKept(key) {
		const ask = () => fetch(new URL('/v1/chat/completions', this.nginx.env.BASE_URL), { method: 'POST',
			body: this.keptBody(),
			headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` } });

		await (await ask()).arrayBuffer();
		const answer = await ask();
		const { byteLength } = await answer.arrayBuffer();

		if (answer.headers.get('x-gateway-cache') !== 'hit')
			throw new Error(`the cache does not answer: ${answer.status} ${answer.headers.get('x-gateway-cache')}`);
		return byteLength;
	}

	// A path answers a completion; a governed one refuses a wrong key.
	async check(target) {
		const ask = async (key) => {
			const answer = await fetch(target.url, { method: 'POST', body: chat('sandbox-small', 1024),
				headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` } });

			return { status: answer.status, body: await answer.text() };
		};
		const { status, body } = await ask(target.key);

		if (status !== 200 || !JSON.parse(body).choices?.[0].message.content)
			throw new Error(`${target.url}: ${status} ${body.slice(0, 300)}`);
		if (target.governed && (await ask(`${target.key}x`)).status !== 401)
			throw new Error(`${target.url}: a wrong key was not refused`);
	}

	// Each round does all paths, one after the other; another order each time,
	// so that none always follows the same neighbour.
	async inTurns(title, paths, rounds, measure) {
		const names = Object.keys(paths);
		const results = Object.fromEntries(names.map((name) => [name, { rounds: [] }]));

		for (let round = 0; round < rounds; round++) {
			if (round > 0 && this.isLate()) {
				this.notes.add(`${title}: time was up after ${round} of ${rounds} rounds`);
				break;
			}
			this.say(`${title}, round ${round + 1} of ${rounds}`);
			for (let i = 0; i < names.length; i++) {
				const name = names[(i + round) % names.length];
				const result = await measure(paths[name]);

				this.judge(`${title}, ${name}`, result);
				results[name].rounds.push(result);
			}
		}
		for (const result of Object.values(results))
			result.middle = medians(result.rounds);
		return results;
	}

	// What would make a number mean something else.
	judge(where, result) {
		if (!result.rested)
			this.notes.add(`${where}: the journal was still being moved to the database 4 s after the last answer`);
		if (result.well_sent_share < 0.99)
			this.notes.add(`${where}: ${((1 - result.well_sent_share) * 100).toFixed(0)}% of the requests reached `
				+ 'the simulator, or not, against the expectation');
		if (result.refused + result.failed + (result.cut ?? 0) + (result.unfinished ?? 0) > 0)
			this.notes.add(`${where}: not all were answered well; the JSON tells which`);
		if (result.others > 0.1)
			this.notes.add('others used more than 10% of the machine at times: repeat this on a quiet one');
	}

	async measure() {
		const o = this.options;
		const body = chat('sandbox-small', o.body_bytes);
		const pair = pick(this.paths, ['nginx proxy_pass', 'nginx + gateway']);
		const requests = (connections, seconds, what = body) => (target) =>
			loadRequests(target, this.folder, { body: what, connections, seconds });
		const result = {};

		result.start = await this.starts();
		result.slow_streams = await this.slowStreams();
		await this.inTurns('warm-up', pick(this.paths, ['nginx + gateway', 'Apache + gateway']), 1,
			requests(o.connections, 1));
		result.throughput = await this.inTurns('requests', this.paths, o.rounds,
			requests(o.connections, o.seconds));
		result.one_client = await this.inTurns('one client', pair, o.rounds,
			requests(1, o.one_client_seconds));
		result.first_chunk = await this.inTurns('first chunk', pair, o.rounds, this.streams('bench-first',
			{ streams: o.first_chunk_streams, at_once: 1, bytes: o.body_bytes }));
		result.relay = await this.inTurns('relay', pair, o.relay_rounds, this.streams('bench-relay',
			{ streams: o.relay_streams, at_once: o.relay_streams, ramp_ms: 100 }));
		result.translation = await this.inTurns('translation', this.ways, o.relay_rounds, (way) =>
			loadRequests(way, this.folder, { body: chat(way.chat_model, o.body_bytes),
				connections: o.connections, seconds: o.seconds }));
		result.routing = await this.inTurns('routing', this.routes, o.rounds, (way) =>
			loadRequests(way, this.folder, { body: chat(way.chat_model, o.body_bytes),
				connections: 1, seconds: o.one_client_seconds }));
		result.governance = await this.inTurns('governance', this.keys, o.rounds,
			requests(o.connections, o.seconds, this.keptBody()));
		result.cache = await this.inTurns('cache', this.answers, o.rounds,
			requests(1, 1, this.keptBody()));
		result.translated_relay = await this.inTurns('translated relay', this.ways, o.relay_rounds, (way) =>
			loadStreams(way, this.folder, { bytes: 2048, model: way.relay_model, timeout_s: 20,
				streams: o.relay_streams, at_once: o.relay_streams, ramp_ms: 100 }));
		result.fcgid = await this.measureFcgid(requests(o.fcgid_connections, o.fcgid_seconds));
		return result;
	}

	// The gateway's catalogue has our name for it, the simulator its own.
	streams(model, load) {
		return (target) => loadStreams(target, this.folder, { bytes: 2048, ...load, timeout_s: 20,
			model: target.governed ? model : this.models()[model] });
	}

	async starts() {
		const rounds = [];

		this.say('start');
		for (let i = 0; i < this.options.starts; i++)
			rounds.push(await measureStart(this.nginx));
		return { rounds, middle: medians(rounds) };
	}

	// On a gateway that has done nothing yet: used memory would be used again.
	async slowStreams() {
		const o = this.options;
		const target = this.paths['nginx + gateway'];
		// The gateway asks for the usage too: behind the first event come
		// the tokens, the end, the usage and [DONE].
		const nominal_ms = (o.slow_tokens + 3) * o.slow_gap_ms;

		this.say(`${o.slow_streams} slow streams`);
		await this.nginx.restartGateway();
		await this.check(target);
		const result = await watchMemory(target.parts().gateway, () => loadStreams(target, this.folder, {
			model: 'bench-slow', bytes: 2048, streams: o.slow_streams, at_once: o.slow_streams,
			ramp_ms: o.slow_ramp_ms, timeout_s: (nominal_ms + o.slow_ramp_ms) / 1000 + 20 }));

		this.judge('slow streams', result);
		return { ...result, nominal_ms };
	}

	// The stack that had mod_proxy_fcgi goes on with mod_fcgid.
	async measureFcgid(measure) {
		const o = this.options;

		this.say('changing to mod_fcgid');
		await this.apache.change('fcgid');
		const paths = { 'nginx proxy_pass': this.paths['nginx proxy_pass'],
			'Apache fcgid + gateway': this.paths['Apache + gateway'] };

		await this.check(paths['Apache fcgid + gateway']);
		// Its processes are started by the load itself: not in what counts.
		await measure(paths['Apache fcgid + gateway']);
		return this.inTurns('mod_fcgid', paths, o.fcgid_rounds, measure);
	}

	isLate() {
		return Date.now() - this.began > this.options.limit_s * 1000 * 0.75;
	}

	say(what) {
		const seconds = ((Date.now() - this.began) / 1000).toFixed(0);

		if (process.stderr.isTTY || process.env.BENCH_VERBOSE)
			process.stderr.write(`${seconds.padStart(4)} s  ${what}\n`);
	}

	async down() {
		this.say('stopping');
		const ended = await Promise.allSettled([this.nginx.down(), this.apache.down(), this.proxy?.down()]);

		for (const { reason } of ended.filter(({ status }) => status === 'rejected'))
			process.stderr.write(`tests/bench: not stopped: ${reason.message}\n`);
		fs.rmSync(this.folder, { recursive: true, force: true });
	}
}

const pick = (object, names) => Object.fromEntries(names.map((name) => [name, object[name]]));

function ratiosOf(result) {
	const over = (paths, name, compute) =>
		compared(paths[name].rounds, paths['nginx proxy_pass'].rounds, compute);
	const throughput = (paths, name) => over(paths, name, (a, b) => a.per_second / b.per_second);
	const governed = 'nginx + gateway';
	const times = (ways) => compared(ways.translated.rounds, ways['passed through'].rounds,
		(a, b) => a.cpu.gateway / b.cpu.gateway);

	return {
		throughput: throughput(result.throughput, governed),
		throughput_apache: throughput(result.throughput, 'Apache + gateway'),
		throughput_fcgid: throughput(result.fcgid, 'Apache fcgid + gateway'),
		gateway_cpu_us: result.throughput[governed].middle.cpu.gateway,
		added_p50_us: over(result.one_client, governed, (a, b) => a.p50_us - b.p50_us),
		added_first_chunk_us: over(result.first_chunk, governed,
			(a, b) => a.first_chunk_us.p50 - b.first_chunk_us.p50),
		gateway_cpu_chunk_us: result.relay[governed].middle.cpu.gateway,
		routing_cpu: compared(result.routing.auto.rounds, result.routing['a named model'].rounds,
			(a, b) => a.cpu.gateway / b.cpu.gateway),
		routing_added_us: compared(result.routing.auto.rounds, result.routing['a named model'].rounds,
			(a, b) => a.p50_us - b.p50_us),
		governance: compared(result.governance['limits, budgets, cache'].rounds,
			result.governance['no limits'].rounds, (a, b) => a.per_second / b.per_second),
		governance_cpu: compared(result.governance['limits, budgets, cache'].rounds,
			result.governance['no limits'].rounds, (a, b) => a.cpu.gateway / b.cpu.gateway),
		hit_to_miss: compared(result.cache['from the cache'].rounds,
			result.cache['missed, then kept'].rounds, (a, b) => a.p50_us / b.p50_us),
		hit_to_static: compared(result.cache['from the cache'].rounds,
			result.cache['a file'].rounds, (a, b) => a.p50_us / b.p50_us),
		translated_cpu: times(result.translation),
		translated_chunk_cpu: times(result.translated_relay),
	};
}

// The first line of what a program says of its version.
function version(program, words, pattern) {
	try {
		const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
		const out = execFileSync('sh', ['-c', `${program} ${words} 2>&1`], { env, encoding: 'utf8' });

		return `${program} ${out.match(pattern)?.[1] ?? '?'}`;
	} catch {
		return `${program} ?`;
	}
}

function describeMachine() {
	return {
		cores: os.cpus().length,
		cpu: os.cpus()[0].model.replace(/\s+/g, ' ').trim(),
		memory_bytes: os.totalmem(),
		kernel: os.release(),
		load_before: os.loadavg()[0],
		versions: [version('nginx', '-v', /nginx\/(\S+)/), version('apache2', '-v', /Apache\/(\S+)/),
			version('mariadbd', '--version', /Ver (\S+)/), `node ${process.versions.node}`],
	};
}

async function main() {
	const options = readOptions(process.argv.slice(2));

	for (const program of ['llm-gateway', 'simulator', 'streams']) {
		if (!fs.existsSync(path.join(build, program)))
			throw new Error(`${path.join(build, program)} is missing: run make bench`);
	}
	const machine = describeMachine();
	const bench = new Bench(options);
	let interrupted = false;
	const stop = (why) => {
		interrupted = true;
		process.stderr.write(`tests/bench: ${why}, stopping\n`);
		interrupt();
	};
	const limit = setTimeout(() => stop('time is up'), options.limit_s * 1000);

	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
		process.on(signal, () => stop(signal));
	try {
		await bench.up();
		const result = await bench.measure();
		const report = { time: new Date().toISOString(), options: { ...options, json: undefined }, machine, ...result,
			ratios: ratiosOf(result), notes: [...bench.notes],
			elapsed_s: (Date.now() - bench.began) / 1000 };

		fs.mkdirSync(path.dirname(options.json), { recursive: true });
		fs.writeFileSync(options.json, `${JSON.stringify(report, null, '\t')}\n`);
		process.stdout.write(text(report));
	} catch (error) {
		if (!interrupted)
			throw error;
		process.exitCode = 130;
	} finally {
		clearTimeout(limit);
		await bench.down();
	}
}

main().catch((error) => {
	process.stderr.write(`tests/bench: ${error.message}\n`);
	process.exitCode = 1;
});
