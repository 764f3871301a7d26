"""drive: one thread of a network's run, many steps without leaving native code.

For each block of steps, as many as pass before a spike of the first can arrive:

0. where there are gap junctions, the block is one step: find what flows through them by a trial of
   the step, and wait for the other threads;
1. step this thread's neurons of each population; note who spiked, in order of step, in its log;
2. wait for the other threads;
3. for each step of the block and each projection, deliver the spikes of all threads to the
   neurons of this thread.

Threads own disjoint neurons, write only there, and read each other's logs only after the wait, so
nothing is ever added in another order. Logs only grow during a run, so one wait a block is enough.
The run ends early, in all threads after the same block, when the next block might not fit the logs.
Where other processes hold other neurons, one call steps without projections, and another delivers
the logs of all processes without stepping.
"""

from __future__ import annotations

from collections.abc import Sequence

from spikeloom.engines.cpu.text import Writer

SLOTS = (
    *("population_count", "populations", "projection_count", "projections"),
    *("trial_count", "trials", "coupling_count", "couplings"),
    *("wish_count", "wishes", "block", "slots", "log", "ends", "ends_row"),
    *("threads", "thread", "barrier", "relax", "room", "step", "done"),
    *("told_logs", "told_ends", "told_row", "told_count", "told_populations"),
)
"""Words of a thread. ``ends`` holds for each thread a row of ``ends_row`` numbers: 0, then where
its log ended after each step and population. ``room``: entries that the logs may hold together
before the last block. ``told_…``: the logs that are delivered, how many, and of how many
populations; those of the threads, unless other processes have logs too."""
POPULATION = ("advance", "given", "begin", "end", "bits", "words", "first", "last", "mask", "keys")
"""Words of a population: its kernel and slots; columns of this thread; bits, words in a row of
them; this thread's first and last word and the mask of the last; scratch memory."""
COUPLING = ("couple", "start", "middle", "begin", "end")
"""Words of gap junctions: their kernel; its words for potentials at the start of a step and for
those in its middle; neurons of this thread."""
PROJECTION = ("deliver", "given", "source", "learns", "target", "open", "note", "close")
"""Words of a projection: its kernel and slots, and where its source is among the populations. Where
its synapses learn, its first slot is set to the step, and there may be kernels for the begin of a
step, for the spikes of its target, and for the end of the step."""
WISH = ("plane", "padded", "every", "first", "count", "places", "ids", "out", "width", "rows")
"""Words of a trace: where steps of the block are kept, its neurons of this thread, their columns
in the result; of how many rows that is, after the last of which comes the first again."""
NUMBERS = frozenset(
    {"population_count", "projection_count", "trial_count", "coupling_count", "wish_count"}
    | {"block", "slots", "ends_row", "threads"}
    | {"told_row", "told_count", "told_populations"}
    | {"thread", "room", "step", "done", "begin", "end", "words", "first", "last", "mask", "source"}
    | {"padded", "every", "count", "width", "learns", "target", "rows"}
)
SPINS = 2000
"""Turns of waiting before the processor is offered to others."""


def write_drive(dtype: str) -> str:
    """The module with ``drive``: ``%begin`` is 0, ``%end`` the number of steps."""
    w = Writer()
    with w.function("drive", "ptr %slots, i64 %begin, i64 %end, ptr %scratch"):
        s = _words(w, "%slots", SLOTS)
        head, body, leave = w.name("head"), w.name("body"), w.name("leave")
        w.put(f"br label %{head}")
        entry = w.block
        w.label(head)
        last = w.name("last")
        at, mine, total = (_carried(w, "0", entry, last) for _ in range(3))
        more = w.let(f"icmp slt i64 {at}, %end")
        fits = w.let(f"icmp sle i64 {total}, {s['room']}")
        w.put(f"br i1 {w.let(f'and i1 {more}, {fits}')}, label %{body}, label %{leave}")
        w.label(body)
        left = w.let(f"sub i64 %end, {at}")
        steps = w.call("i64", "llvm.smin.i64", f"i64 {left}, i64 {s['block']}", "i64, i64")
        now = w.let(f"add i64 {at}, {s['step']}")
        slot = w.let(f"urem i64 {now}, {s['slots']}")
        until = w.let(f"add i64 {at}, {steps}")
        with w.when(w.let(f"icmp sgt i64 {s['coupling_count']}, 0")):
            _write_coupling(w, s, steps, slot, now)
        _write_advance(w, s, "population_count", "populations", steps, slot, now)
        position = _write_log(w, s, at, steps, mine)
        _write_traces(w, s, steps, now, dtype)
        with w.when(w.let(f"icmp sgt i64 {s['threads']}, 1")):
            _write_wait(w, s)
        sum_ = _write_total(w, s, until)
        _write_deliver(w, s, at, steps, now)
        w.put(f"br label %{last}")
        w.label(last)
        for name, later in ((at, until), (mine, position), (total, sum_)):
            w.put(f"{name}.next = add i64 {later}, 0")
        w.put(f"br label %{head}")
        w.label(leave)
        place = w.let(f"getelementptr i64, ptr %slots, i64 {SLOTS.index('done')}")
        w.put(f"store i64 {at}, ptr {place}, align 8")
    return f"; drive\n{w.text()}\n"


def _carried(w: Writer, first: str, entry: str, last: str) -> str:
    """A number that goes from turn to turn; the block ``last`` sets ``NAME.next``."""
    name = f"%{w.name('c')}"
    w.put(f"{name} = phi i64 [ {first}, %{entry} ], [ {name}.next, %{last} ]")
    return name


def _at(w: Writer, base: str, place: str | int, kind: str = "i64") -> str:
    return w.let(f"getelementptr {kind}, ptr {base}, i64 {place}")


def _load(w: Writer, base: str, place: str | int) -> str:
    return w.let(f"load i64, ptr {_at(w, base, place)}, align 8")


def _words(w: Writer, base: str, names: Sequence[str]) -> dict[str, str]:
    found = {}
    for k, name in enumerate(names):
        kind = "i64" if name in NUMBERS else "ptr"
        found[name] = w.let(f"load {kind}, ptr {_at(w, base, k)}, align 8", f"{name}.")
    return found


def _entry(w: Writer, base: str, index: str, names: Sequence[str]) -> dict[str, str]:
    """The words of one population, projection or wish."""
    return _words(w, _at(w, base, w.let(f"mul i64 {index}, {len(names)}")), names)


def _write_coupling(w: Writer, s: dict[str, str], steps: str, slot: str, now: str) -> None:
    """Currents through gap junctions in this step: first from a trial of it, then from its mean."""
    w.note("currents through gap junctions")
    _write_couple(w, s, "start")
    _write_advance(w, s, "trial_count", "trials", steps, slot, now)
    with w.when(w.let(f"icmp sgt i64 {s['threads']}, 1")):
        _write_wait(w, s)
    _write_couple(w, s, "middle")


def _write_couple(w: Writer, s: dict[str, str], which: str) -> None:
    with w.loop("0", s["coupling_count"]) as loop:
        c = _entry(w, s["couplings"], loop.index, COUPLING)
        w.put(
            f"call void {c['couple']}(ptr {c[which]}, i64 {c['begin']}, i64 {c['end']}, ptr null)"
        )


def _write_advance(
    w: Writer, s: dict[str, str], count: str, table: str, steps: str, slot: str, now: str
) -> None:
    w.note("step the neurons")
    with w.loop("0", s[count]) as loop:
        p = _entry(w, s[table], loop.index, POPULATION)
        for k, value in enumerate((steps, slot, now)):
            w.put(f"store i64 {value}, ptr {_at(w, p['given'], k)}, align 8")
        given = f"ptr {p['given']}, i64 {p['begin']}, i64 {p['end']}, ptr {p['keys']}"
        w.put(f"call void {p['advance']}({given})")


def _write_log(w: Writer, s: dict[str, str], at: str, steps: str, mine: str) -> str:
    """Bits -> ids in the log; gives where the log ends."""
    w.note("note who spiked")
    count = s["population_count"]
    ends = _at(w, s["ends"], w.let(f"add i64 {w.let(f'mul i64 {at}, {count}')}, 1"))
    ends = _at(w, ends, w.let(f"mul i64 {s['thread']}, {s['ends_row']}"))
    with w.loop("0", steps, carried=[("i64", mine)]) as time:
        place = w.let(f"mul i64 {time.index}, {count}")
        with w.loop("0", count, carried=[("i64", time.carried[0])]) as loop:
            p = _entry(w, s["populations"], loop.index, POPULATION)
            bits = _at(w, p["bits"], w.let(f"mul i64 {time.index}, {p['words']}"))
            stop = w.let(f"add i64 {p['last']}, 1")
            with w.loop(p["first"], stop, carried=[("i64", loop.carried[0])]) as words:
                word = _load(w, bits, words.index)
                final = w.let(f"icmp eq i64 {words.index}, {p['last']}")
                mask = w.let(f"select i1 {final}, i64 {p['mask']}, i64 -1")
                word = w.let(f"and i64 {word}, {mask}")
                found = w.call("i64", "llvm.ctpop.i64", f"i64 {word}", "i64")
                base = w.let(f"shl i64 {words.index}, 6")
                with w.loop("0", found, carried=[("i64", word)]) as spikes:
                    rest = spikes.carried[0]
                    bit = w.call("i64", "llvm.cttz.i64", f"i64 {rest}, i1 true", "i64, i1")
                    target = w.let(f"add i64 {words.carried[0]}, {spikes.index}")
                    who = w.let(f"trunc i64 {w.let(f'add i64 {base}, {bit}')} to i32")
                    w.put(f"store i32 {who}, ptr {_at(w, s['log'], target, 'i32')}, align 4")
                    less = w.let(f"sub i64 {rest}, 1")
                    spikes.next = (w.let(f"and i64 {rest}, {less}"),)
                words.next = (w.let(f"add i64 {words.carried[0]}, {found}"),)
            mark = _at(w, ends, w.let(f"add i64 {place}, {loop.index}"))
            w.put(f"store i64 {words.results[0]}, ptr {mark}, align 8")
            loop.next = words.results
        time.next = loop.results
    return time.results[0]


def _write_traces(w: Writer, s: dict[str, str], steps: str, now: str, dtype: str) -> None:
    w.note("keep states")
    kind, size = ("i32", 4) if dtype == "float32" else ("i64", 8)
    with w.loop("0", s["wish_count"]) as loop:
        r = _entry(w, s["wishes"], loop.index, WISH)
        with w.loop("0", steps) as time:
            number = w.let(f"add i64 {now}, {time.index}")
            over = w.let(f"urem i64 {number}, {r['every']}")
            with w.when(w.let(f"icmp eq i64 {over}, 0")):
                since = w.let(f"sub i64 {number}, {r['first']}")
                row = w.let(f"udiv i64 {since}, {r['every']}")
                row = w.let(f"urem i64 {row}, {r['rows']}")
                out = _at(w, r["out"], w.let(f"mul i64 {row}, {r['width']}"), kind)
                offset = w.let(f"mul i64 {time.index}, {r['padded']}")
                plane = _at(w, r["plane"], offset, kind)
                with w.loop("0", r["count"]) as chosen:
                    source = _at(w, plane, _load(w, r["ids"], chosen.index), kind)
                    value = w.let(f"load {kind}, ptr {source}, align {size}")
                    target = _at(w, out, _load(w, r["places"], chosen.index), kind)
                    w.put(f"store {kind} {value}, ptr {target}, align {size}")


def _write_wait(w: Writer, s: dict[str, str]) -> None:
    """Until all threads are here: the last one to come opens the gate."""
    w.note("wait for the other threads")
    count, gate = s["barrier"], _at(w, s["barrier"], 8)
    before = w.let(f"load atomic i64, ptr {gate} acquire, align 8")
    others = w.let(f"atomicrmw add ptr {count}, i64 1 acq_rel, align 8")
    last = w.let(f"icmp eq i64 {w.let(f'add i64 {others}, 1')}, {s['threads']}")
    opens, spin, again, relax, after = (w.name(n) for n in ("open", "spin", "on", "relax", "gone"))
    w.put(f"br i1 {last}, label %{opens}, label %{spin}")
    here = w.block
    w.label(opens)
    w.put(f"store atomic i64 0, ptr {count} monotonic, align 8")
    following = w.let(f"add i64 {before}, 1")
    w.put(f"store atomic i64 {following}, ptr {gate} release, align 8")
    w.put(f"br label %{after}")
    w.label(spin)
    turn = f"%{w.name('t')}"
    turns = f"[ 0, %{here} ], [ {turn}.next, %{again} ], [ {turn}.next, %{relax} ]"
    w.put(f"{turn} = phi i64 {turns}")
    current = w.let(f"load atomic i64, ptr {gate} acquire, align 8")
    w.put(f"{turn}.next = add i64 {turn}, 1")
    same = w.let(f"icmp eq i64 {current}, {before}")
    w.put(f"br i1 {same}, label %{again}, label %{after}")
    w.label(again)
    long = w.let(f"icmp sgt i64 {turn}.next, {SPINS}")
    w.put(f"br i1 {long}, label %{relax}, label %{spin}")
    w.label(relax)
    w.put(f"call i32 {s['relax']}()")
    w.put(f"br label %{spin}")
    w.label(after)


def _write_total(w: Writer, s: dict[str, str], until: str) -> str:
    """Entries in all logs."""
    mark = w.let(f"mul i64 {until}, {s['population_count']}")
    with w.loop("0", s["threads"], carried=[("i64", "0")]) as loop:
        row = _at(w, s["ends"], w.let(f"mul i64 {loop.index}, {s['ends_row']}"))
        loop.next = (w.let(f"add i64 {loop.carried[0]}, {_load(w, row, mark)}"),)
    return loop.results[0]


def _write_deliver(w: Writer, s: dict[str, str], at: str, steps: str, now: str) -> None:
    w.note("deliver")
    with w.loop("0", steps) as time:
        step = w.let(f"add i64 {at}, {time.index}")
        row = w.let(f"mul i64 {step}, {s['told_populations']}")
        arrival = w.let(f"add i64 {w.let(f'add i64 {now}, {time.index}')}, 1")
        slot = w.let(f"urem i64 {arrival}, {s['slots']}")
        with w.loop("0", s["projection_count"]) as loop:
            q = _entry(w, s["projections"], loop.index, PROJECTION)
            with w.when(w.let(f"icmp ne i64 {q['learns']}, 0")):
                w.put(f"store i64 {w.let(f'sub i64 {arrival}, 1')}, ptr {q['given']}, align 8")
                _write_step(w, q, q["open"], slot)
                with w.when(w.let(f"icmp ne ptr {q['note']}, null")):
                    mark = w.let(f"add i64 {row}, {q['target']}")
                    _write_segments(w, s, q, q["note"], mark, slot)
            mark = w.let(f"add i64 {row}, {q['source']}")
            _write_segments(w, s, q, q["deliver"], mark, slot)
            _write_step(w, q, q["close"], slot)


def _write_step(w: Writer, q: dict[str, str], kernel: str, slot: str) -> None:
    """Call a kernel of a projection, if it has it."""
    with w.when(w.let(f"icmp ne ptr {kernel}, null")):
        w.put(f"call void {kernel}(ptr {q['given']}, i64 {slot}, i64 0, ptr null)")


def _write_segments(
    w: Writer, s: dict[str, str], q: dict[str, str], kernel: str, mark: str, slot: str
) -> None:
    """Call a kernel for what each log holds of one step of one population."""
    with w.loop("0", s["told_count"]) as threads:
        ends = _at(w, s["told_ends"], w.let(f"mul i64 {threads.index}, {s['told_row']}"))
        first = _load(w, ends, mark)
        stop = _load(w, ends, w.let(f"add i64 {mark}, 1"))
        count = w.let(f"sub i64 {stop}, {first}")
        with w.when(w.let(f"icmp sgt i64 {count}, 0")):
            log = _at(w, s["told_logs"], threads.index, "ptr")
            log = w.let(f"load ptr, ptr {log}, align 8")
            ids = _at(w, log, first, "i32")
            given = f"ptr {q['given']}, i64 {slot}, i64 {count}, ptr {ids}"
            w.put(f"call void {kernel}({given})")
