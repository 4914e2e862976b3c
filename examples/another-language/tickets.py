#!/usr/bin/python3
"""Issue and redeem wsticket's tickets in Python, over a store that is shared with wsticket.

Written from docs/protocol.md, "The ticket", "The lock" and "What a store keeps". A ticket and its
key are read from standard input only: others can read a program's arguments.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import ipaddress
import json
import re
import secrets
import sys
import time
from typing import Any, NoReturn, Protocol

DEADLINE_S = 2
TICKET = r'wst_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]'
KEY = r'wsk_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]'
TICKET_ID = LOCK = r'[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]'
SUBJECT = r'[^\x00-\x1f\x7f\ud800-\udfff#]{1,1024}#[^\x00-\x1f\x7f\ud800-\udfff]{1,1024}'
LONGEST_LIFETIME_MS = 60_000
LARGEST_CLAIMS_BYTES = 4096
LARGEST_INTEGER = 2**53 - 1
FORBIDDEN_NAMES = {'__proto__', 'constructor', 'prototype'}
RECORD_MEMBERS: dict[str, tuple[type, ...]] = {
    'id': (str,),
    'subject': (str,),
    'audience': (str,),
    'claims': (dict,),
    'clientAddress': (str, type(None)),
    'origin': (str, type(None)),
    'lock': (str, type(None)),
    'issuedAt': (int,),
    'expiresAt': (int,),
    'sessionExpiresAt': (int, type(None)),
}

# Claims of 4,096 bytes may be nested deeper than Python follows by itself.
sys.setrecursionlimit(10_000)


class Fault(Exception):
    """What ends the program with status 1. Its message quotes neither a ticket nor a URL."""


class Store(Protocol):
    """What the two stores have in common; each operation is one atomic step."""

    def insert(self, ticket_id: str, record: str, expires_at: int) -> bool: ...
    def redeem(self, ticket_id: str, now: int) -> tuple[str, str | None]: ...
    def revoke(self, ticket_id: str, now: int) -> bool: ...


def open_store(url: str) -> Store:
    """Open the store that a URL names."""
    # redis-py lets the options of a URL override deadlines and retries.
    if re.match('rediss?://[^?]*$', url):
        from redis_store import RedisStore
        return RedisStore(url, DEADLINE_S)
    if re.match('postgres(ql)?://', url):
        from postgres_store import PostgresStore
        return PostgresStore(url, DEADLINE_S)
    raise Fault('a store URL begins with redis:// and has no options, or begins with postgres://')


def epoch_ms() -> int:
    """The present, in milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def base64url(octets: bytes) -> str:
    """base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(octets).rstrip(b'=').decode('ascii')


def digest_of(secret: str) -> str:
    """The id of a ticket, and the lock that a key opens: neither is a secret."""
    return base64url(hashlib.sha256(secret.encode('ascii')).digest())


def json_text(value: Any) -> str:
    """One line of JSON in ASCII; ValueError for what JSON does not have (NaN)."""
    return json.dumps(value, separators=(',', ':'), allow_nan=False)


def object_of(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object in which all readers see the same: each name once, and none that some drop."""
    value = dict(members)
    if len(value) < len(members) or not FORBIDDEN_NAMES.isdisjoint(value):
        raise Fault('a JSON object has a name twice, or one that is not allowed')
    return value


def integer_of(digits: str) -> int:
    """An integer that all readers read alike; in ECMAScript, larger ones come out as others."""
    if abs(value := int(digits)) > LARGEST_INTEGER:
        raise Fault(f'an integer is at most {LARGEST_INTEGER}')
    return value


def subject_of(text: str) -> str:
    """A subject: issuer, `#`, name; well-formed Unicode without control characters."""
    if not re.fullmatch(SUBJECT, text):
        raise Fault('a subject is issuer#name, without control characters')
    return text


def claims_of(text: str) -> dict[str, Any]:
    """Claims: a JSON object, whose size counts in its shortest form."""
    claims = json.loads(text, object_pairs_hook=object_of, parse_int=integer_of)
    shortest = json.dumps(claims, separators=(',', ':'), ensure_ascii=False)
    # The shortest form of a lone surrogate is its escape.
    size = len(shortest.encode('utf-8', 'backslashreplace'))
    if not isinstance(claims, dict) or size > LARGEST_CLAIMS_BYTES:
        raise Fault(f'claims are a JSON object of at most {LARGEST_CLAIMS_BYTES} bytes')
    return claims


def address_of(text: str | None) -> str | None:
    """An address in its one form: an IPv4 address never within IPv6, and without a zone."""
    if text is None:
        return None
    address = ipaddress.ip_address(text.partition('%')[0])
    return str(getattr(address, 'ipv4_mapped', None) or address)


def lock_of(text: str | None) -> str | None:
    """A lock, or None where a ticket has none."""
    if text is not None and not re.fullmatch(LOCK, text):
        raise Fault('a lock is a SHA-256 in base64url')
    return text


def opens(key: str | None, lock: str | None) -> bool:
    """Whether a key opens a lock: no key where there is none, and then no other."""
    if key is None or lock is None:
        return key is None and lock is None
    return hmac.compare_digest(digest_of(key), lock)


def record_of(text: str, ticket_id: str) -> dict[str, Any]:
    """The record of a ticket, if it is one: a member more might be a restriction."""
    record = json.loads(text, object_pairs_hook=object_of)
    if isinstance(record, dict):
        record.setdefault('lock', None)
    if not isinstance(record, dict) or record.keys() != RECORD_MEMBERS.keys():
        raise Fault('the store keeps something that is no record')
    for name, types in RECORD_MEMBERS.items():
        value = record[name]
        # The very type: True is an int as well, but no instant.
        if type(value) not in types or (type(value) is int and abs(value) > LARGEST_INTEGER):
            raise Fault('the store keeps a record with members of other types')
    if record['id'] != ticket_id:
        raise Fault('the store answered with the record of another ticket')
    lock_of(record['lock'])
    return record


def issue(store: Store, options: argparse.Namespace) -> dict[str, Any]:
    """Make a ticket and keep its record; the ticket itself is in the answer and nowhere else."""
    if not 0 < options.lifetime_ms <= LONGEST_LIFETIME_MS:
        raise Fault(f'a ticket lives 1 to {LONGEST_LIFETIME_MS} milliseconds')
    if not options.audience:
        raise Fault('an audience has a name')
    ticket = 'wst_' + base64url(secrets.token_bytes(32))
    now = epoch_ms()
    record = {
        'id': digest_of(ticket),
        'subject': subject_of(options.subject),
        'audience': options.audience,
        'claims': claims_of(options.claims),
        'clientAddress': address_of(options.client_address),
        'origin': options.origin,
        'issuedAt': now,
        'expiresAt': now + options.lifetime_ms,
        'sessionExpiresAt': None,
    }
    # Left out where there is none: programs from before there were locks read the record, then.
    if (lock := lock_of(options.lock)) is not None:
        record['lock'] = lock
    if not store.insert(record['id'], json_text(record), record['expiresAt']):
        raise Fault('the store has a ticket of this id')
    return {'ticket': ticket, 'id': record['id'], 'expires_in': options.lifetime_ms // 1000}


def redeem(store: Store, ticket: str, key: str | None = None) -> dict[str, Any]:
    """Spend a ticket. Whoever then opens a WebSocket checks audience and client address, too."""
    ticket_id = digest_of(ticket)
    outcome, text = store.redeem(ticket_id, epoch_ms())
    if text is None:
        return {'outcome': outcome}
    record = record_of(text, ticket_id)
    if epoch_ms() >= record['expiresAt']:
        return {'outcome': 'expired'}
    if not opens(key, record['lock']):
        return {'outcome': 'lock_mismatch'}
    return {'outcome': outcome, 'record': record}


def line_of_input(pattern: str, name: str) -> str:
    """What standard input says."""
    line = sys.stdin.readline(128).rstrip('\n')
    if not re.fullmatch(pattern, line):
        raise Fault(f'standard input is not {name} on a line of its own')
    return line


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Do what the command line says."""
    if options.verb == 'issue':
        return issue(open_store(options.store_url), options)
    if options.verb == 'redeem':
        ticket, _, key = line_of_input(rf'{TICKET}(\.{KEY})?', 'a ticket').partition('.')
        return redeem(open_store(options.store_url), ticket, key or None)
    ticket_id = line_of_input(TICKET_ID, 'the id of a ticket')
    return {'revoked': open_store(options.store_url).revoke(ticket_id, epoch_ms())}


class Parser(argparse.ArgumentParser):
    """A parser that does not quote the arguments: somebody might give it a ticket."""

    def error(self, message: str) -> NoReturn:
        raise Fault('the arguments are not what --help says')


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = Parser(description="Issue and redeem wsticket's tickets.")
    verbs = parser.add_subparsers(dest='verb', required=True)
    for verb, does in (('issue', 'print a new ticket'),
                       ('redeem', 'spend the ticket that standard input says'),
                       ('revoke', 'void the ticket whose id standard input says')):
        verbs.add_parser(verb, help=does).add_argument('store_url')
    issuing = verbs.choices['issue']
    issuing.add_argument('--subject', required=True, help='issuer#name')
    issuing.add_argument('--audience', required=True)
    issuing.add_argument('--claims', default='{}', help='a JSON object')
    issuing.add_argument('--client-address', help='of whoever asks for the ticket')
    issuing.add_argument('--origin', help='of the request for the ticket')
    issuing.add_argument('--lock', help='the SHA-256 of a key that whoever asks keeps; behind =, as it may begin with -')
    issuing.add_argument('--lifetime-ms', type=int, default=30_000)
    return parser.parse_args()


def main() -> int:
    """Print one line of JSON; or one line on standard error, and the status is 1."""
    try:
        print(json_text(run(arguments())))
        return 0
    except Fault as fault:
        reason = str(fault)
    # Whatever it is: the words of a client, or a traceback, may quote the ticket or the URL.
    except Exception as error:
        reason = f'failed ({type(error).__name__})'
    print(f'tickets.py: {reason}', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
