"""How fast each log reader is: lines a second, beside a Python loop that does nothing and beside `grep -c`.

    python benchmarks/log_lines.py [LINES]

The logs are made up here, in the proportions of a sender whose mails mostly arrive: of a hundred mails five are
refused, five put off once and then taken. The times are processor time, the best of three runs; the ratios are
what to compare, as each is against the same file on the same machine.
"""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import orjson

from analyzer.sources import logs

_HEAD = 64 * 1024
_REFUSAL = "550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual mailbox table"
_LATER = "451 4.7.1 <{to}>: Recipient address rejected: Greylisted, see https://postgrey.example/help"


def _mails() -> Iterator[tuple[int, str, str, str]]:
    """(number, recipient, clock, what becomes of it) of one mail after the other."""
    number = 0
    while True:
        seconds = number % 86400
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        fate = "refused" if number % 20 == 7 else "later" if number % 20 == 13 else "taken"
        yield number, f"lead{number}@company{number % 997}.example", clock, fate
        number += 1


def _postfix() -> Iterator[str]:
    for number, to, clock, fate in _mails():
        front, queue_id = f"Mar  2 {clock} mx1 postfix", f"{number % (1 << 40):010X}"
        host = f"mx.{to.partition('@')[2]}[192.0.2.{number % 250}]"
        delivery = f"{front}/smtp[592]: {queue_id}: to=<{to}>, relay={host}:25, delay=1.2, delays=0.1/0/0.6/0.5, "
        yield f"{front}/smtpd[81]: connect from app[192.0.2.9]"
        yield f"{front}/smtpd[81]: {queue_id}: client=app[192.0.2.9], sasl_method=PLAIN, sasl_username=founder"
        yield f"{front}/cleanup[85]: {queue_id}: message-id=<{number}@sender.example>"
        yield f"{front}/qmgr[13]: {queue_id}: from=<founder@sender.example>, size=1811, nrcpt=1 (queue active)"
        yield f"{front}/smtpd[81]: disconnect from app[192.0.2.9] ehlo=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=6"
        if fate == "refused":
            said = _REFUSAL.format(to=to)
            yield f"{delivery}dsn=5.1.1, status=bounced (host {host} said: {said} (in reply to RCPT TO command))"
        else:
            if fate == "later":
                said = _LATER.format(to=to)
                yield f"{delivery}dsn=4.7.1, status=deferred (host {host} said: {said} (in reply to RCPT TO command))"
            yield f"{delivery}dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4X{number})"
        yield f"{front}/qmgr[13]: {queue_id}: removed"


def _exim() -> Iterator[str]:
    for number, to, clock, fate in _mails():
        front = f"2026-03-02 {clock} 1w{number % 10**4:04}-{number % 10**6:06}-0A"
        where = (
            f"R=dnslookup T=remote_smtp H=mx.{to.partition('@')[2]} [192.0.2.{number % 250}] X=TLS1.3:ECDHE:256 CV=yes"
        )
        error = f"SMTP error from remote mail server after RCPT TO:<{to}>"
        yield f"{front} <= founder@sender.example H=app [192.0.2.9] P=esmtpsa S=1811 id={number}@sender.example"
        if fate == "refused":
            yield f"{front} ** {to} {where}: {error}: {_REFUSAL.format(to=to)}"
        else:
            if fate == "later":
                yield f"{front} == {to} {where} defer (-44): {error}: {_LATER.format(to=to)}"
            yield f'{front} => {to} {where} C="250 OK id=1x"'
        yield f"{front} Completed"


def _sendmail() -> Iterator[str]:
    for number, to, clock, fate in _mails():
        front = f"Mar  2 {clock} mx1 sm-mta[77]: 622{number % 10**11:011}"
        yield f"{front}: from=<founder@sender.example>, size=1811, nrcpts=1, msgid=<{number}@sender.example>, relay=app"
        relay = f"relay=mx.{to.partition('@')[2]}. [192.0.2.1]"
        where = f"{front}: to=<{to}>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=121811, {relay}"
        if fate == "refused":
            yield f"{where}, dsn=5.1.1, reply={_REFUSAL.format(to=to)}, stat=User unknown"
        else:
            if fate == "later":
                yield f"{where}, dsn=4.7.1, reply={_LATER.format(to=to)}, stat=Deferred: Greylisted"
            yield f"{where}, dsn=2.0.0, stat=Sent (Ok: queued as {number})"


def _opensmtpd() -> Iterator[str]:
    for number, to, clock, fate in _mails():
        front = f"Mar  2 {clock} mx1 smtpd[77]: {number:016x}"
        envelope = f"evpid={number:016x} from=<founder@sender.example> to=<{to}> rcpt=<->"
        where = f'{front} mta delivery {envelope} source="192.0.2.9" relay="192.0.2.1 (mx.example)" delay=1s'
        yield f"{front} smtp message msgid={number:08x} size=1811 nrcpt=1 proto=ESMTP"
        if fate == "refused":
            yield f'{where} result="PermFail" stat="{_REFUSAL.format(to=to)}"'
        else:
            if fate == "later":
                yield f'{where} result="TempFail" stat="{_LATER.format(to=to)}"'
            yield f'{where} result="Ok" stat="250 2.0.0 Ok"'


def _powermta() -> Iterator[str]:
    yield "type,timeLogged,timeQueued,orig,rcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,dlvSourceIp,vmta,jobId"
    for _, to, clock, fate in _mails():
        front = f"2026-03-02 {clock}+0000,2026-03-02 {clock}+0000,founder@sender.example,{to}"
        host, rest = f"mx.{to.partition('@')[2]} (192.0.2.80)", "192.0.2.25,vmta1,q1"
        if fate == "refused":
            yield f'b,{front},failed,5.1.1 (no such mailbox),"smtp;{_REFUSAL.format(to=to)}",{host},bad-mailbox,{rest}'
        else:
            if fate == "later":
                yield f'tq,{front},delayed,4.7.1 (not now),"smtp;{_LATER.format(to=to)}",{host},,{rest}'
            yield f"d,{front},relayed,2.0.0 (success),smtp;250 2.0.0 Ok,{host},,{rest}"


def _kumomta() -> Iterator[str]:
    codes = {"refused": ("Bounce", 550, 1), "later": ("TransientFailure", 451, 7), "taken": ("Delivery", 250, 0)}
    for number, to, _, fate in _mails():
        for step in ["later", "taken"] if fate == "later" else [fate]:
            kind, code, subject = codes[step]
            record = {
                "type": kind,
                "id": f"{number:032x}",
                "sender": "founder@sender.example",
                "recipient": to,
                "queue": "q1:tenant@company.example",
                "site": "source->mx.company.example",
                "size": 1811,
                "response": {
                    "code": code,
                    "enhanced_code": {"class": code // 100, "subject": subject, "detail": 1},
                    "content": "words of the other server",
                    "command": f"RCPT TO:<{to}>",
                },
                "peer_address": {"name": "mx.company.example.", "addr": "192.0.2.80"},
                "timestamp": 1772442681 + number,
                "num_attempts": 1,
                "bounce_classification": "Uncategorized",
                "egress_pool": "pool1",
                "meta": {},
                "headers": {},
            }
            yield orjson.dumps(record).decode()


def _haraka() -> Iterator[str]:
    for number, to, clock, fate in _mails():
        front = f"2026-03-02T{clock}.000Z [NOTICE] [{number:08X}-0000-4000-8000-000000000000.1"
        yield f'{front}] [core] sender <founder@sender.example> code=CONT msg=""'
        yield f'{front}] [core] recipient <{to}> code=OK msg="" sender="<founder@sender.example>"'
        yield f'{front}] [core] message mid="<{number}@sender.example>" size=1811 rcpts=1/0/0 code=CONT msg=""'
        if fate == "refused":
            yield f"{front}.1] [outbound] recipient <{to}> rejected: {_REFUSAL.format(to=to)}"
        else:
            if fate == "later":
                yield f"{front}.1] [outbound] recipient <{to}> deferred: {_LATER.format(to=to)}"
            where = f'domain="{to.partition("@")[2]}" host="mx.example" ip=192.0.2.1 port=25'
            yield f'{front}.1] [outbound] delivered file=1_2 {where} response="ok" rcpts=1/0/0'


SERVERS: dict[str, tuple[Callable[[], Iterator[str]], str]] = {
    "postfix": (_postfix, "status=bounced"),
    "exim": (_exim, " \\*\\* "),
    "sendmail": (_sendmail, "dsn=5"),
    "opensmtpd": (_opensmtpd, "PermFail"),
    "powermta": (_powermta, "^b,"),
    "kumomta": (_kumomta, '"Bounce"'),
    "haraka": (_haraka, " rejected: "),
}


def _best(run: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(3):
        start = _cpu_seconds()
        run()
        best = min(best, _cpu_seconds() - start)
    return best


def _cpu_seconds() -> float:
    """Of this process and of those that it waited for: what else runs on the machine does not count."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _read(path: Path) -> int:
    with path.open("rb") as file:
        head = file.read(_HEAD)
        return sum(1 for _ in logs.items("log", head, file.read, lambda source, why: None))


def _loop(path: Path) -> int:
    count = 0
    with path.open("rb", buffering=io.DEFAULT_BUFFER_SIZE * 16) as file:
        for _ in file:
            count += 1
    return count


def main() -> None:
    """Print a row for each reader."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    print(f"{'reader':<10} {'lines/s':>11} {'events/s':>10} {'MB/s':>6} {'x plain loop':>13} {'x grep -c':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for name, (make, pattern) in SERVERS.items():
            path = Path(folder, f"{name}.log")
            source = make()
            with path.open("w") as file:
                file.writelines(next(source) + "\n" for _ in range(count))
            events = _read(path)
            command = ["grep", "-c", pattern, str(path)]
            seconds, loop = _best(partial(_read, path)), _best(partial(_loop, path))
            grep = _best(partial(subprocess.run, command, stdout=subprocess.PIPE, check=False))
            size = path.stat().st_size / 1e6
            print(
                f"{name:<10} {count / seconds:>11,.0f} {events / seconds:>10,.0f} {size / seconds:>6.0f} "
                f"{seconds / loop:>13.0f} {seconds / grep:>10.0f}"
            )


if __name__ == "__main__":
    main()
