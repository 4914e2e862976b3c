"""Redeems the ticket on each line of standard input, and says at once what came of it.

    redeemer.py <store-url>     with PYTHONPATH=examples/another-language
"""

import sys

import tickets

# A busy machine may take longer than the program's two seconds.
tickets.DEADLINE_S = 20
store = tickets.open_store(sys.argv[1])
for line in sys.stdin:
    print(tickets.redeem(store, line.rstrip('\n'))['outcome'], flush=True)
