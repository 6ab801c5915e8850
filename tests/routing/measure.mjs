// measure.mjs - how well an order of prompts spends the premium model.
//
// The prompts with the highest scores go to the premium model, the others to
// the cheap one. PGR, the part of the quality gap that is recovered, runs
// from 0 (always cheap) to 1 (always premium) as the share of premium calls,
// or of their cost, does.

export function curve(rows, scores) {
	const order = rows.map((_, i) => i)
		.sort((a, b) => scores[b] - scores[a] || (rows[a].id < rows[b].id ? -1 : 1));
	const sum = (name) => rows.reduce((total, row) => total + row[name], 0);
	const weak = sum('weak'), strong = sum('strong');
	const weakCost = sum('weak_cost'), strongCost = sum('strong_cost');
	const points = [{ share: 0, cost: weakCost, quality: weak }];

	for (const i of order) {
		const last = points.at(-1);
		points.push({
			share: points.length / rows.length,
			cost: last.cost + rows[i].strong_cost - rows[i].weak_cost,
			quality: last.quality + rows[i].strong - rows[i].weak,
		});
	}
	return { points, weak, strong, weakCost, strongCost };
}

export function measure(rows, scores) {
	const { points, weak, strong, weakCost, strongCost } = curve(rows, scores);
	const pgr = (point) => (point.quality - weak) / (strong - weak);
	const first = (reached) => points.find(reached) ?? points.at(-1);
	let apgr = 0, overCost = 0;

	for (let i = 1; i < points.length; i++) {
		const height = (pgr(points[i]) + pgr(points[i - 1])) / 2;
		apgr += height / rows.length;
		overCost += height * (points[i].cost - points[i - 1].cost) /
			(strongCost - weakCost);
	}
	// The least a router pays that reaches this part of premium quality.
	const saved = (part) => 1 -
		first((point) => point.quality >= part * strong).cost / strongCost;
	return {
		apgr, overCost,
		cpt50: first((point) => pgr(point) >= 0.5).share,
		cpt80: first((point) => pgr(point) >= 0.8).share,
		saved95: saved(0.95), saved90: saved(0.9),
	};
}

// Chance, measured as everything else: the mean of seeded shuffles.
export function measureRandom(rows, rounds = 20) {
	let state = 0x9e3779b9;
	const next = () => {
		state ^= state << 13; state ^= state >>> 17; state ^= state << 5;
		return state >>> 0;
	};
	const sums = {};

	for (let i = 0; i < rounds; i++) {
		const found = measure(rows, rows.map(next));
		for (const key of Object.keys(found))
			sums[key] = (sums[key] ?? 0) + found[key] / rounds;
	}
	return sums;
}

// The cheap model answers all, and a check that is never wrong passes on what
// the premium model does better: what a cascade could reach at the very most.
export function measurePerfectCascade(rows) {
	let cost = 0, strongCost = 0, quality = 0, strong = 0, passed = 0;

	for (const row of rows) {
		const better = row.strong > row.weak;
		passed += better;
		cost += row.weak_cost + (better ? row.strong_cost : 0);
		quality += better ? row.strong : row.weak;
		strong += row.strong;
		strongCost += row.strong_cost;
	}
	return { share: passed / rows.length, quality: quality / strong,
		saved: 1 - cost / strongCost };
}

// The cheap model answers all, and a check finds this part of its poor answers
// and takes that part of its good ones for poor (`alarms`); what it takes for
// poor is asked again of the premium model, and both answers are paid for. It
// sees only whether the cheap answer is good, not whether the premium one is
// any better. Graded qualities count as the chance of being good.
export function measureCascade(rows, { finds, alarms }) {
	let cost = 0, strongCost = 0, quality = 0, strong = 0, passed = 0;

	for (const row of rows) {
		const again = finds * (1 - row.weak) + alarms * row.weak;
		passed += again;
		cost += row.weak_cost + again * row.strong_cost;
		quality += row.weak * (1 - alarms) + again * row.strong;
		strong += row.strong;
		strongCost += row.strong_cost;
	}
	return { share: passed / rows.length, cost, saved: 1 - cost / strongCost,
		total: quality, quality: quality / strong };
}

// What choosing by score before the call reaches for this cost.
export function qualityAt(rows, scores, cost) {
	const { points } = curve(rows, scores);
	let best = points[0].quality;

	for (let i = 1; i < points.length; i++) {
		const a = points[i - 1], b = points[i];
		if (b.cost <= cost) best = Math.max(best, b.quality);
		else if (a.cost <= cost) best = Math.max(best, a.quality +
			(b.quality - a.quality) * (cost - a.cost) / (b.cost - a.cost));
	}
	return best;
}

// From which part of the poor answers on, in hundredths, a check that finds so
// many makes a cascade worth more than every one of these orders at the same
// cost; null: none does. `alarms` says what such a check takes wrongly.
export function leastFound(rows, orders, alarms) {
	let least = null;

	for (let hundredths = 100; hundredths > 0; hundredths--) {
		const finds = hundredths / 100;
		const found = measureCascade(rows, { finds, alarms: alarms(finds) });
		if (!orders.every((scores) =>
			found.total > qualityAt(rows, scores, found.cost)))
			break;
		least = finds;
	}
	return least;
}
