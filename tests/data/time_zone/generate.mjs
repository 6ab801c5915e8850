// generate.mjs - days and months of time zones, by node's Intl (ICU), which
// shares no code with the gateway. Prints vectors.txt; see README.md.

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const FAR = 27 * HOUR; // no clock is further from UTC
const zones = `UTC Europe/Madrid Europe/London Europe/Dublin Europe/Moscow Atlantic/Azores
	America/New_York America/Santiago America/Asuncion America/Havana America/Sao_Paulo
	America/St_Johns America/Caracas America/Nuuk America/Miquelon America/Phoenix
	Africa/Cairo Africa/Casablanca Africa/Juba Asia/Beirut Asia/Gaza Asia/Hebron Asia/Amman
	Asia/Tehran Asia/Kabul Asia/Kolkata Asia/Kathmandu Asia/Pyongyang Asia/Tokyo Asia/Jerusalem
	Australia/Sydney Australia/Lord_Howe Australia/Eucla Australia/Adelaide Antarctica/Troll
	Pacific/Auckland Pacific/Chatham Pacific/Apia Pacific/Fakaofo Pacific/Kiritimati
	Pacific/Marquesas Pacific/Norfolk Etc/GMT+12 Etc/GMT-14`.split(/\s+/);

// The local time of an instant, read as if it were UTC.
function localClock(zone) {
	const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', era: 'short',
		year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' });
	const known = new Map();

	return (ms) => {
		const minute = Math.floor(ms / MINUTE) * MINUTE;
		let local = known.get(minute);
		if (local === undefined) {
			const part = Object.fromEntries(format.formatToParts(minute).map((p) => [p.type, Number(p.value)]));
			local = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute);
			known.set(minute, local);
		}
		return local;
	};
}

const dateOf = (clock, ms) => Math.floor(clock(ms) / DAY);

// The latest date that was reached up to then.
function reached(clock, ms) {
	let date = dateOf(clock, ms);
	for (let at = Math.floor(ms / MINUTE) * MINUTE; at > ms - 30 * HOUR; at -= MINUTE)
		date = Math.max(date, dateOf(clock, at));
	return date;
}

// The first minute of the date, or of a later one where it is missing.
function start(clock, date) {
	for (let at = date * DAY - FAR; ; at += MINUTE) {
		if (dateOf(clock, at) >= date)
			return at;
	}
}

function firstOfMonth(date, later) {
	const day = new Date(date * DAY);
	return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + later, 1) / DAY;
}

function vector(zone, clock, ms) {
	const date = reached(clock, ms);
	return [zone, ms, start(clock, date), start(clock, date + 1),
		start(clock, firstOfMonth(date, 0)), start(clock, firstOfMonth(date, 1))].join(' ');
}

// The minutes at which the offset changes, by looking at each noon.
function changes(clock, from, to) {
	const offset = (ms) => clock(ms) - ms;
	const found = [];
	for (let at = from; at < to; at += DAY) {
		let low = at, high = at + DAY;
		if (offset(low) === offset(high))
			continue;
		while (high - low > MINUTE) {
			const middle = Math.floor((low + high) / 2 / MINUTE) * MINUTE;
			if (offset(middle) === offset(low))
				low = middle;
			else
				high = middle;
		}
		found.push(high);
	}
	return found;
}

// The same numbers at every run.
let seed = 20261121;
const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;

console.log(`# tzdata ${process.versions.tz}: zone, instant, day_start, day_end, month_start, month_end`);
for (const zone of zones) {
	const clock = localClock(zone);
	const all = changes(clock, Date.UTC(1990, 0, 1, 12), Date.UTC(2060, 0, 1, 12));
	const instants = new Set();
	for (let i = 0; i < 4; i++)
		instants.add(Math.floor(Date.UTC(1990) + random() * (Date.UTC(2060) - Date.UTC(1990))));
	for (let i = 0; i < 6 && all.length > 0; i++) {
		const at = all[Math.floor(i / 5 * (all.length - 1))];
		for (const ms of [at - DAY, at - HOUR, at - 1, at, at + 30 * MINUTE, at + DAY])
			instants.add(ms);
	}
	if (zone === 'Pacific/Apia') {
		for (let ms = Date.UTC(2011, 11, 29); ms < Date.UTC(2012, 0, 2); ms += 6 * HOUR)
			instants.add(ms);
	}
	for (const ms of [...instants].sort((a, b) => a - b))
		console.log(vector(zone, clock, ms));
}
