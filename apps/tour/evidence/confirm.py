#!/usr/bin/env python3
"""Confirms what a HyperMesh tour left behind, with nothing but Python's standard library.

    python3 confirm.py [FOLDER]

Checks, from the genesis up, without any code of HyperMesh: that every block follows from the one before and holds
the transactions that its header names; that a quorum of the validators signed the last one; that the exported state
is the one that this block names; that published packages are the ones on the ledger, signed by their publishers and
in the mesh's log; that each run was leased on the ledger, and its answer signed by the node that executed it; and that
no value was made or lost. Prints one line a check; exits with 1 if any fails. Falcon-1024 signatures are not checked
here (no implementation in the standard library): the Ed25519 half of each pair is.
"""

import base64
import hashlib
import json
import os
import sys

# --- DAG-CBOR, the part of it that canonical records use ---------------------------------------------------------


class Link(str):
    """A CID as text."""


def read_cbor(data, at=0):
    """One value and where it ends."""
    first = data[at]
    major, info = first >> 5, first & 31
    at += 1
    if major == 7:
        if info in (20, 21, 22):
            return {20: False, 21: True, 22: None}[info], at
        raise ValueError("float or simple value")
    if info < 24:
        value = info
    elif info <= 27:
        size = 1 << (info - 24)
        value = int.from_bytes(data[at : at + size], "big")
        at += size
    else:
        raise ValueError("indefinite length")
    if major == 0:
        return value, at
    if major == 1:
        return -1 - value, at
    if major in (2, 3):
        raw = bytes(data[at : at + value])
        if len(raw) != value:
            raise ValueError("truncated")
        return (raw if major == 2 else raw.decode()), at + value
    if major == 4:
        items = []
        for _ in range(value):
            item, at = read_cbor(data, at)
            items.append(item)
        return items, at
    if major == 5:
        fields = {}
        for _ in range(value):
            key, at = read_cbor(data, at)
            fields[key], at = read_cbor(data, at)
        return fields, at
    if major == 6 and value == 42:
        raw, at = read_cbor(data, at)
        return Link("b" + base64.b32encode(raw[1:]).decode().lower().rstrip("=")), at
    raise ValueError("unknown tag")


def write_cbor(value):
    """Canonical bytes: shortest integers, keys by length and then bytes."""

    def head(major, number):
        for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if number < 24:
                return bytes([major << 5 | number])
            if number < 1 << (8 * size):
                return bytes([major << 5 | info]) + number.to_bytes(size, "big")
        raise ValueError("too large")

    if value is None or value is True or value is False:
        return bytes([0xF6 if value is None else 0xF5 if value else 0xF4])
    if isinstance(value, Link):
        text = value[1:].upper()
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
        return b"\xd8\x2a" + write_cbor(b"\0" + raw)
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        raw = value.encode()
        return head(3, len(raw)) + raw
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(write_cbor(item) for item in value)
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
    return head(5, len(keys)) + b"".join(write_cbor(key) + write_cbor(value[key]) for key in keys)


def sequence(data):
    at = 0
    while at < len(data):
        value, at = read_cbor(data, at)
        yield value


# --- hashes and trees ----------------------------------------------------------------------------------------------


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def message(domain, *parts):
    """The preimage of HyperMesh: each piece behind its length, the domain first."""
    pieces = [domain.encode(), *parts]
    return b"".join(len(piece).to_bytes(4, "big") + piece for piece in pieces)


def domain_hash(domain, *parts):
    return sha256(message(domain, *parts))


def leaf_hash(data):
    return sha256(b"\0", data)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def merkle_root(leaves):
    """RFC 6962."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(merkle_root(leaves[:split]), merkle_root(leaves[split:]))


def inclusion_root(index, size, leaf, path):
    """RFC 9162, 2.1.3.2: the root that a path leads to."""
    node, last, value = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while not node & 1 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    return value if last == 0 else None


def state_root(entries, depth=0):
    """A binary trie by hashed key, in which a subtree of one entry is that leaf."""
    if not entries:
        return bytes(32)
    if len(entries) == 1:
        key, value = entries[0]
        return leaf_hash(key + sha256(value))
    sides = ([], [])
    for entry in entries:
        sides[entry[0][depth >> 3] >> (7 - (depth & 7)) & 1].append(entry)
    return node_hash(state_root(sides[0], depth + 1), state_root(sides[1], depth + 1))


# --- Ed25519 (RFC 8032) --------------------------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def point_add(a, b):
    s = (a[1] - a[0]) * (b[1] - b[0]) % P
    t = (a[1] + a[0]) * (b[1] + b[0]) % P
    u = 2 * a[3] * b[3] * D % P
    v = 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_times(factor, point):
    total = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = point_add(total, point)
        point = point_add(point, point)
        factor >>= 1
    return total


def point_from(raw):
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_from((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519(signature, data, key):
    a, r = point_from(key), point_from(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + data).digest(), "little") % ORDER
    left, right = point_times(s, BASE), point_add(r, point_times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % P == 0


# --- the checks ----------------------------------------------------------------------------------------------------

failures = 0


def check(what, holds):
    global failures
    failures += not holds
    print(("ok    " if holds else "FAIL  ") + what)
    return holds


def load(*names):
    with open(os.path.join(FOLDER, *names), "rb") as file:
        return file.read()


def folders(name):
    path = os.path.join(FOLDER, name)
    return sorted(os.listdir(path)) if os.path.isdir(path) else []


def cid_digest(link):
    text = link[1:].upper()
    return base64.b32decode(text + "=" * (-len(text) % 8))[-32:]


def cid_of(data):
    """CIDv1, dag-cbor, sha2-256, in base32."""
    return "b" + base64.b32encode(b"\x01\x71\x12\x20" + sha256(data)).decode().lower().rstrip("=")


def node_id(key):
    return cid_of(write_cbor({"v": 1, "ed25519": key}))


def pem_blocks(text):
    """DER of each certificate in a PEM file."""
    parts = text.split(b"-----BEGIN CERTIFICATE-----")[1:]
    return [base64.b64decode(part.split(b"-----END")[0]) for part in parts]


def check_chain():
    raw = load("genesis.cbor")
    genesis, _ = read_cbor(raw)
    chain = domain_hash("hypermesh/consensus/genesis/v1", raw)
    facts_raw = load("facts.cbor")
    facts, _ = read_cbor(facts_raw)
    bound = genesis["bindings"]["facts"] == domain_hash("hypermesh/node/mesh-facts/v1", facts_raw)
    check("the genesis is bound to the mesh's facts (root certificate, log key, signers)", bound)
    keys = [member["key"] for member in genesis["members"] if member["validator"]]
    validators = domain_hash("hypermesh/consensus/validators/v1", *keys)
    parent = domain_hash("hypermesh/consensus/genesis-block/v1", chain, validators)
    blocks = list(sequence(load("blocks.cbor")))
    transactions = {}
    linked = True
    for height, block in enumerate(blocks, 1):
        header, txs = block["header"], block["txs"]
        linked &= header["height"] == height and header["parent"] == parent and header["chain"] == chain
        linked &= header["txRoot"] == merkle_root([leaf_hash(tx) for tx in txs])
        linked &= header["validatorsHash"] == validators
        parent = domain_hash("hypermesh/consensus/block/v1", write_cbor(header))
        for tx in txs:
            outer, _ = read_cbor(tx)
            operation, _ = read_cbor(outer["operation"])
            transactions[sha256(outer["operation"])] = (height, operation)
    check(f"{len(blocks)} blocks follow from each other and from the genesis, with {len(transactions)} operations", linked)

    proof, _ = read_cbor(load("finality.cbor"))
    head, certificate = proof["header"], proof["certificate"]
    certified = (proof["descendants"] or [head])[-1]
    at_head = write_cbor(head) == write_cbor(blocks[-1]["header"])
    before = head
    for after in proof["descendants"]:
        at_head &= after["parent"] == domain_hash("hypermesh/consensus/block/v1", write_cbor(before))
        before = after
    digest = domain_hash("hypermesh/consensus/block/v1", write_cbor(certified))
    vote = b"\3" + certificate["view"].to_bytes(8, "big") + digest
    signed = message("hypermesh/consensus/vote/v1", chain, vote)
    signers = certificate["signers"]
    quorum = len(keys) - (len(keys) - 1) // 3
    valid = at_head and len(set(signers)) == len(signers) == len(certificate["signatures"]) >= quorum
    for signer, signature in zip(signers, certificate["signatures"]):
        valid = valid and ed25519(signature, signed, keys[signer])
    names = [member["name"] for member in genesis["members"] if member["validator"]]
    by = ", ".join(names[signer] for signer in signers)
    check(f"block {head['height']} is final: {len(signers)} of {len(keys)} validators signed ({by}), {quorum} are needed", valid)

    state = {key: value for key, value in sequence(load("state.cbor"))}
    hashed = [(domain_hash("hypermesh/consensus/state-key/v1", key.encode()), value) for key, value in state.items()]
    same = state_root(hashed) == head["stateRoot"]
    check(f"the {len(state)} exported entries are the state that block {head['height']} names", same)
    return genesis, facts, transactions, {key: read_cbor(value)[0] for key, value in state.items()}


def check_certificates(genesis, facts):
    (root,) = pem_blocks(load("certificates", "root.pem"))
    pinned = "SHA256:" + sha256(root).hex()
    check("the root certificate is the one that the mesh's facts name", facts["root"] == pinned)
    for member in genesis["members"]:
        leaf = pem_blocks(load("certificates", member["name"] + ".pem"))[0]
        named = ("/node/" + node_id(member["key"])).encode() in leaf
        check(f"the certificate of {member['name']} names the node of its key (openssl confirms the chain)", named)


def check_bundle(facts, raw, content, publisher):
    """Whether a bundle signs `content` in the name of `publisher` and is in the mesh's log."""
    bundle, _ = read_cbor(raw)
    statement, _ = read_cbor(bundle["statement"])
    signer = statement["signer"]
    signed = message("hypermesh/trustchain/bundle/v1", bundle["statement"])
    return (
        statement["subject"]["digest"] == sha256(content)
        and node_id(signer["ed25519"]) == publisher
        and facts["signers"][publisher] == cid_of(write_cbor(signer))
        and ed25519(bundle["ed25519"], signed, signer["ed25519"])
        and in_log(facts, bundle)
    )


def in_log(facts, bundle):
    digest = domain_hash(
        "hypermesh/trustchain/bundle-entry/v1", bundle["statement"], bundle["ed25519"], bundle["falcon1024"]
    )
    entry = write_cbor({"v": 1, "kind": "bundle", "bundle": digest})
    name, key_id, encoded = facts["logKey"].split("+", 2)
    note, _, signatures = bundle["log"]["checkpoint"].rpartition("\n\n")
    note += "\n"
    origin, size, root = note.split("\n")[:3]
    signed = False
    for line in signatures.strip().split("\n"):
        _, who, signature = line.split(" ")
        raw = base64.b64decode(signature)
        if who == name and raw[:4].hex() == key_id:
            signed = ed25519(raw[4:], note.encode(), base64.b64decode(encoded)[1:])
    path = bundle["log"]["hashes"]
    reached = inclusion_root(bundle["log"]["leafIndex"], int(size), leaf_hash(entry), path)
    return signed and origin == name and reached == base64.b64decode(root)


def check_packages(facts, state):
    """Each package on disk against the index record that the ledger holds for it."""
    for name in folders("packages"):
        entry = state["package/" + name.replace("+", "/")]
        signed, _ = read_cbor(entry["value"]["index"])
        index, _ = read_cbor(signed["body"])
        publisher = node_id(signed["key"])
        record = load("packages", name, "record.cbor")
        holds = signed["key"] == entry["owner"] and index["digest"] == cid_of(record)
        holds = holds and ed25519(signed["signature"], message("hypermesh/catalog/index-record/v1", signed["body"]), signed["key"])
        held, _ = read_cbor(record)
        holds = holds and f"{held['name']}@{held['version']}" == name.replace("+", "/")
        check(f"{name}: the record is the one that its owner's index record on the ledger names", holds)
        bundle = load("packages", name, "bundle-0.cbor")
        check(f"{name}: signed by its publisher (Ed25519) and in the mesh's log", check_bundle(facts, bundle, record, publisher))


def check_runs(transactions, state):
    """Each run against its lease: asked for on the ledger, answered under the key of the node that was leased."""
    leases = {entry["operation"]: entry for key, entry in state.items() if key.startswith("lease/")}
    keys = {node_id(bond["actor"]): bond["actor"] for key, bond in state.items() if key.startswith("bond/")}
    for lease in folders("runs"):
        terms, _ = read_cbor(leases[lease]["value"])
        height, operation = transactions[cid_digest(lease)]
        signed, _ = read_cbor(load("runs", lease, "statement.cbor"))
        statement, _ = read_cbor(signed["body"])
        executor = keys[terms["executor"]]
        holds = operation["kind"] == "lease.commit" and leases[lease]["height"] == height
        holds = holds and statement["context"] == lease and statement["fuel"] <= terms["fuel"]
        holds = holds and ed25519(signed["signature"], message("hypermesh/executors/run-statement/v1", signed["body"]), executor)
        if statement["exit"] == "ok":
            receipt, _ = read_cbor(load("runs", lease, "receipt.cbor"))
            holds = holds and statement["output"] == sha256(load("runs", lease, "output"))
            holds = holds and write_cbor(receipt) == statement["receipt"] and receipt["fuel"] == statement["fuel"]
        check(f"{terms['package']}: leased in block {height}; its node signed: {statement['exit']}, fuel {statement['fuel']}", holds)


def check_value(state):
    """The journal's hash chain, and every balance and hold recomputed from its postings."""
    head = state["value/head"]
    chain = bytes(32)
    accounts = {}
    sound = True
    for index in range(head["length"]):
        entry = state[f"value/entry/{index}"]
        body = entry["body"]
        sound &= entry["hash"] == domain_hash("hypermesh/caesar/entry/v1", write_cbor(body))
        link = chain + index.to_bytes(8, "big") + entry["atMs"].to_bytes(8, "big") + entry["hash"]
        chain = domain_hash("hypermesh/caesar/chain/v1", link)
        for posting in body["postings"]:
            accounts[posting["from"]] = accounts.get(posting["from"], 0) - posting["amount"]
            accounts[posting["to"]] = accounts.get(posting["to"], 0) + posting["amount"]
    check(f"{head['length']} entries of value form the chain that the head names", sound and chain == head["hash"])
    total = 0
    for key, balance in state.items():
        if key.startswith("value/account/"):
            total += balance["available"] + balance["held"]
            sound &= accounts.get(key[len("value/account/") :], 0) == balance["available"]
    settled = [index for index in range(head["length"]) if state[f"value/entry/{index}"]["body"]["kind"] == "post"]
    check(f"every balance follows from the postings; {total} of {head['issued']} issued, {len(settled)} payments from holds", sound and total == head["issued"])


def main():
    genesis, facts, transactions, state = check_chain()
    check_certificates(genesis, facts)
    check_packages(facts, state)
    check_runs(transactions, state)
    check_value(state)
    print("everything holds" if failures == 0 else f"{failures} checks failed")
    return 1 if failures else 0


FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
if __name__ == "__main__":
    sys.exit(main())
