// report.mjs - medians over rounds, and the text that people read.

const PARTS = ['gateway', 'web', 'simulator', 'mariadbd', 'client'];

export function median(numbers) {
	const sorted = [...numbers].sort((a, b) => a - b);
	const middle = sorted.length >> 1;

	return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// The median of each number in a list of like objects, nested ones too; what
// some of them have not counts there as 0.
export function medians(rounds) {
	const result = {};

	for (const name of new Set(rounds.flatMap(Object.keys))) {
		const values = rounds.map((round) => round[name]);
		const sample = values.find((value) => value !== undefined);

		if (typeof sample === 'number')
			result[name] = median(values.map((value) => value ?? 0));
		else if (typeof sample === 'object')
			result[name] = medians(values.map((value) => value ?? {}));
	}
	return result;
}

// What one path has more, or how much of the other it is, round by round: a
// machine that drifts changes both.
export function compared(rounds, base, compute) {
	return median(rounds.map((round, i) => compute(round, base[i])));
}

const number = (value, digits = 0) => (value === undefined ? '-' : value.toFixed(digits));
const ms = (us) => number(us / 1000, us < 100000 ? 2 : 0);
const percent = (share) => `${number(share * 100)}%`;
const megabytes = (bytes) => `${number(bytes / 1048576, 1)} MB`;

function table(head, rows) {
	const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i].length)));
	const line = (row) => row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
		.join('  ').trimEnd();

	return [line(head), ...rows.map(line)].map((text) => `  ${text}`);
}

function cpuCells(cpu) {
	const parts = PARTS.map((part) => cpu[part]);

	return [...parts, parts.reduce((sum, value) => sum + (value ?? 0), 0)].map((value) => number(value));
}

function requests(paths) {
	return table(['', 'req/s', 'p50 ms', 'p99 ms', ...PARTS, 'sum', 'errors', 'others'],
		Object.entries(paths).map(([name, { middle, rounds }]) => [name,
			number(middle.per_second), ms(middle.p50_us), ms(middle.p99_us), ...cpuCells(middle.cpu),
			String(rounds.reduce((sum, round) => sum + round.refused + round.failed, 0)),
			percent(middle.others)]));
}

function relay(paths) {
	return table(['', ...PARTS, 'sum', 'others'],
		Object.entries(paths).map(([name, { middle }]) =>
			[name, ...cpuCells(middle.cpu), percent(middle.others)]));
}

function threads(names) {
	return table(['thread', 'µs/request'], Object.entries(names)
		.map(([name, us]) => [name, number(us, 1)]));
}

const pairs = (rows) => {
	const width = Math.max(...rows.map(([name]) => name.length));

	return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
};

function ratios(r) {
	return pairs([
		['requests/s: nginx + gateway / nginx proxy_pass', number(r.throughput, 2)],
		['requests/s: Apache + gateway / nginx proxy_pass', number(r.throughput_apache, 2)],
		['requests/s: Apache fcgid + gateway / nginx proxy_pass', number(r.throughput_fcgid, 2)],
		['CPU of the gateway a request (behind nginx)', `${number(r.gateway_cpu_us)} µs`],
		['added p50, one client', `${number(r.added_p50_us)} µs`],
		['added time to first chunk, one client', `${number(r.added_first_chunk_us)} µs`],
		['CPU of the gateway a relayed chunk', `${number(r.gateway_cpu_chunk_us, 1)} µs`],
		['requests/s: a key with limits, budgets and cache / one without', number(r.governance, 2)],
		['CPU of the gateway, the same', number(r.governance_cpu, 2)],
		['p50, one client: an answer from the cache / a miss to the simulator next door', number(r.hit_to_miss, 2)],
		['the same / the web server alone with a file of that size', number(r.hit_to_static, 2)],
		['CPU of the gateway, auto / a named model', number(r.routing_cpu, 2)],
		['what auto adds to the time of a request (median, µs)', number(r.routing_added_us, 0)],
		['CPU of the gateway, translated both ways / passed through', number(r.translated_cpu, 2)],
		['the same a chunk of a stream', number(r.translated_chunk_cpu, 2)],
	]);
}

function oneClient(paths, firsts) {
	return table(['', 'p50 µs', 'p99 µs', 'first chunk p50 µs', 'p99 µs'],
		Object.entries(paths).map(([name, { middle }]) => [name,
			number(middle.p50_us), number(middle.p99_us),
			number(firsts[name].middle.first_chunk_us.p50),
			number(firsts[name].middle.first_chunk_us.p99)]));
}

function slowStreams(s) {
	const lost = ['cut', 'refused', 'failed', 'unfinished'].map((name) => `${s[name]} ${name}`).join(', ');

	return pairs([
		['complete', `${s.complete} of ${s.streams} (${lost})`],
		['at once', String(s.most_at_once)],
		['events in each', s.events_min === s.events_max ? String(s.events_min)
			: `${s.events_min} to ${s.events_max}`],
		['took', `p50 ${ms(s.whole_us.p50 ?? 0)} ms, longest ${ms(s.whole_us.max ?? 0)} ms`
			+ ` (${s.nominal_ms} ms are the simulator's waiting)`],
		['first chunk', `p50 ${ms(s.first_chunk_us.p50 ?? 0)} ms, p99 ${ms(s.first_chunk_us.p99 ?? 0)} ms`],
		['gateway RSS', `${megabytes(s.before_bytes)} before, ${megabytes(s.peak_bytes)} at the peak, `
			+ `${megabytes(s.after_bytes)} after`],
		['a stream', `${number((s.peak_bytes - s.before_bytes) / 1024 / s.most_at_once, 1)} KB`],
		['gateway CPU', `${number(s.cpu.gateway, 1)} µs an event, starts and ends included`],
	]);
}

function start({ middle }) {
	return pairs([
		['exec to the first 200 of /v1/health', `${number(middle.ready_ms, 1)} ms`],
		['idle RSS', `${megabytes(middle.resident_bytes)}, of which ${megabytes(middle.own_bytes)} `
			+ 'are not files'],
	]);
}

export function text(r) {
	const { options: o, machine: m } = r;
	const sections = [
		[`LLM Gateway: ${m.cores} x ${m.cpu}; ${m.versions.join(', ')}`,
			`${o.body_bytes} bytes of chat, ${o.rounds} rounds of ${o.seconds} s in turns, medians over rounds`],
		[`${o.connections} clients; CPU in µs a request, by process`, ...requests(r.throughput)],
		[`${o.fcgid_connections} clients`, ...requests(r.fcgid)],
		['The gateway\'s CPU by thread, behind nginx', ...threads(r.throughput['nginx + gateway'].middle.threads)],
		['Ratios and differences, round by round', ...ratios(r.ratios)],
		['One client', ...oneClient(r.one_client, r.first_chunk)],
		[`${o.relay_streams} streams of ${o.relay_tokens} chunks, one each ${o.relay_gap_ms} ms; CPU in µs a chunk`,
			...relay(r.relay)],
		['OpenAI\'s chats to a provider of that dialect, and to one that speaks Anthropic\'s',
			...requests(r.translation)],
		['The same as streams; CPU in µs a chunk', ...relay(r.translated_relay)],
		['The model chosen by whom; CPU in µs a request', ...requests(r.routing)],
		['A key that nothing limits, and one with limits, budgets and a cache that always misses',
			...requests(r.governance)],
		['One client: what the cache answers, what it must ask for, and a file of that size', ...requests(r.cache)],
		[`${o.slow_streams} slow streams, a chunk each ${o.slow_gap_ms} ms, on a fresh gateway`,
			...slowStreams(r.slow_streams)],
		[`Start, ${o.starts} times`, ...start(r.start)],
	];

	if (r.notes.length > 0)
		sections.push(['Notes', ...r.notes.map((note) => `  ${note}`)]);
	return sections.map((lines) => lines.join('\n')).join('\n\n') + '\n';
}
