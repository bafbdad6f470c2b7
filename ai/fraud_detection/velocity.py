"""How fast users, cards, addresses and networks order, counted in Redis: exact under concurrency, once for each order.

One script reads what went before and writes the order down in the same step, so of any number of orders at once each
sees exactly those that Redis took before it. The answer is kept under the order: asking again returns the same numbers
and counts nothing twice. Redis holds digests and amounts, no names, for 45 days.
"""

import json
from collections.abc import Mapping

from redis.asyncio import Redis

from fraud_detection.features import KINDS, KNOWN_WINDOWS, MEMORY_S, WINDOWS, Past

#: Orders, and labels, that are remembered of one user, card, address or network; what is beyond is not counted.
MOST = 1_000
_MEMORY_S = int(MEMORY_S)
#: How long an order can still be labelled.
_ORDER_S = 180 * 86_400

_SEE = """
local known = redis.call('GET', KEYS[1])
local order, at, amount, ask = ARGV[1], tonumber(ARGV[2]), ARGV[3], cjson.decode(ARGV[4])
local answer, keys, news = {}, {}, false
if known then
    answer = cjson.decode(known)
    keys = cjson.decode(redis.call('GET', KEYS[1] .. ':labels'))
end
for place = 1, #ask.kinds do
  if not answer[ask.kinds[place]] then
    news = true
    local seen, labels = KEYS[2 * place], KEYS[2 * place + 1]
    local past = {counts = {}, sums = {}, frauds = {}, known = {}, first = -1, last = -1}
    for w = 1, #ask.windows do past.counts[w] = 0; past.sums[w] = 0 end
    for w = 1, #ask.known do past.frauds[w] = 0; past.known[w] = 0 end
    local rows = redis.call('ZRANGEBYSCORE', seen, '(' .. string.format('%.6f', at - ask.windows[#ask.windows]), '+inf',
        'WITHSCORES')
    for i = 1, #rows, 2 do
        local age, minor = at - tonumber(rows[i + 1]), tonumber(string.match(rows[i], '|(%d+)$'))
        for w = 1, #ask.windows do
            if age < ask.windows[w] then
                past.counts[w] = past.counts[w] + 1
                past.sums[w] = past.sums[w] + minor
            end
        end
    end
    rows = redis.call('ZRANGEBYSCORE', labels, '(' .. string.format('%.6f', at - ask.memory),
        string.format('%.6f', at), 'WITHSCORES')
    for i = 1, #rows, 2 do
        local age, fraud = at - tonumber(rows[i + 1]), string.match(rows[i], '|(%d)$') == '1'
        for w = 1, #ask.known do
            if age < ask.known[w] then
                past.known[w] = past.known[w] + 1
                if fraud then past.frauds[w] = past.frauds[w] + 1 end
            end
        end
        if fraud then
            if past.first < 0 then past.first = age end
            past.last = age
        end
    end
    answer[ask.kinds[place]] = past
    keys[#keys + 1] = labels
    redis.call('ZADD', seen, 'NX', ARGV[2], order .. '|' .. amount)
    redis.call('ZREMRANGEBYRANK', seen, 0, -1 - ask.most)
    redis.call('EXPIRE', seen, ask.memory)
  end
end
if known and not news then return known end
local text = cjson.encode(answer)
redis.call('SET', KEYS[1], text, 'EX', ask.order)
redis.call('SET', KEYS[1] .. ':labels', cjson.encode(keys), 'EX', ask.order)
return text
"""
_TELL = """
local keys = redis.call('GET', KEYS[1] .. ':labels')
if not keys then return 0 end
for _, key in ipairs(cjson.decode(keys)) do
    redis.call('ZREM', key, ARGV[1] .. '|' .. (1 - tonumber(ARGV[3])))
    redis.call('ZADD', key, 'NX', ARGV[2], ARGV[1] .. '|' .. ARGV[3])
    redis.call('ZREMRANGEBYRANK', key, 0, -1 - tonumber(ARGV[4]))
    redis.call('EXPIRE', key, ARGV[5])
end
return 1
"""


class Velocity:
    """The counts. Raises ``redis.RedisError`` while Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._see, self._tell = redis.register_script(_SEE), redis.register_script(_TELL)

    async def see(
        self, *, order: str, at: float, amount: float, entities: Mapping[str, str]
    ) -> dict[str, Past]:
        """What went before an order, which is counted from now on; ``entities`` names each of its kinds.

        ``at`` is in seconds. What was seen before stays as it is, whatever is asked the second time; a kind that was
        not known then, such as the card, is counted when it is.
        """
        kinds = [kind for kind in KINDS if entities.get(kind)]
        keys = [_order_key(order)]
        for kind in kinds:
            keys += [f"fraud:seen:{kind}:{entities[kind]}", f"fraud:labels:{kind}:{entities[kind]}"]
        ask = {
            "kinds": kinds, "windows": list(WINDOWS.values()), "known": [WINDOWS[name] for name in KNOWN_WINDOWS],
            "memory": _MEMORY_S, "most": MOST, "order": _ORDER_S,
        }  # fmt: skip
        text = await self._see(keys=keys, args=[order, repr(at), round(amount * 100), json.dumps(ask)])
        found = json.loads(text)
        return {
            kind: Past(
                past["counts"], [minor / 100 for minor in past["sums"]], past["frauds"], past["known"],
                past["first"], past["last"],
            )
            for kind, past in (found or {}).items()
        }  # fmt: skip

    async def tell(self, *, order: str, fraud: bool, at: float) -> bool:
        """Say what an order turned out to be; saying it again changes nothing. False for an order never seen."""
        args: list[str | int] = [order, repr(at), int(fraud), MOST, _MEMORY_S]
        return bool(await self._tell(keys=[_order_key(order)], args=args))


def _order_key(order: str) -> str:
    return f"fraud:order:{order}"
