"""False replies, octet by octet, as a library of messages would never write them. Whoever believes one of them says
6.6.6.6."""
import struct

FALSE = bytes([6, 6, 6, 6])
OWNER = b"\xc0\x0c"  # points at the question's name
A, CNAME, OPT = 1, 5, 41
ROOT_OPT = b"\0" + struct.pack("!HHIH", OPT, 1232, 0, 0)


def question_of(query):
    question = query.question[0]
    return question.name.to_wire() + struct.pack("!HH", question.rdtype, question.rdclass)


def record(owner=OWNER, rdtype=A, rdata=FALSE, length=None):
    return owner + struct.pack("!HHIH", rdtype, 1, 60, len(rdata) if length is None else length) + rdata


def reply(query, records=record(), id=None, flags=0x8180, question=None, counts=(1, 1, 0, 0)):
    """A header, a question and what else is given; `counts` are those of the header, true or not."""
    id = query.id if id is None else id
    return struct.pack("!HHHHHH", id, flags, *counts) + (question_of(query) if question is None else question) + records


def at_records(query):
    return 12 + len(question_of(query))


def pointer(offset):
    return struct.pack("!H", 0xc000 | offset)


def renamed(query):
    """The question with one letter of its first label changed."""
    octets = question_of(query)
    return octets[:1] + bytes([octets[1] ^ 1]) + octets[2:]


# To whom it is: these are right in everything but this.
NOT_TO_US = {
    "another id": lambda query: reply(query, id=query.id ^ 0x5555),
    "QR=0": lambda query: reply(query, flags=0x0180),
    "opcode NOTIFY": lambda query: reply(query, flags=0xa180),
    "opcode 15": lambda query: reply(query, flags=0xf980),
    "another name": lambda query: reply(query, question=renamed(query)),
    "another type": lambda query: reply(query, question=question_of(query)[:-4] + b"\0\x1c\0\1"),
    "another class": lambda query: reply(query, question=question_of(query)[:-2] + b"\0\3"),
    "the name's parent": lambda query: reply(query, question=question_of(query)[1 + question_of(query)[0]:]),
    "no question": lambda query: reply(query, record(query.question[0].name.to_wire()), question=b"",
                                       counts=(0, 1, 0, 0)),
    "the question twice": lambda query: reply(query, question=2 * question_of(query), counts=(2, 1, 0, 0)),
}

# Not messages at all, whatever they look like.
MALFORMED = {
    "an empty datagram": lambda query: b"",
    "one octet": lambda query: b"\0",
    "half a header": lambda query: reply(query)[:6],
    "a header alone": lambda query: reply(query)[:12],
    "an owner that points at itself": lambda query: reply(query, record(pointer(at_records(query)))),
    "an owner that points forward": lambda query: reply(query, record(pointer(at_records(query) + 16))
                                                        + record(), counts=(1, 2, 0, 0)),
    "owners in a circle": lambda query: reply(query, record(b"\1a" + pointer(at_records(query) + 18))
                                              + record(b"\1b" + pointer(at_records(query))), counts=(1, 2, 0, 0)),
    "a pointer past the end": lambda query: reply(query, record(b"\xff\xff")),
    "half a pointer at the end": lambda query: reply(query, b"\xc0"),
    "a label of type 0x40": lambda query: reply(query, record(b"\x41a\0")),
    "a label of type 0x80": lambda query: reply(query, record(b"\x81a\0")),
    "an owner over 255 octets": lambda query: reply(query, record(4 * (b"\x3f" + 63 * b"a") + b"\0")),
    "a target that points at itself": lambda query: reply(query, record(
        rdtype=CNAME, rdata=pointer(at_records(query) + 12))),
    "a target that is longer than its RDATA": lambda query: reply(query, record(
        rdtype=CNAME, rdata=b"\3abc\0", length=3)),
    "more answers than there are": lambda query: reply(query, counts=(1, 2, 0, 0)),
    "65,535 answers": lambda query: reply(query, counts=(1, 65535, 0, 0)),
    "65,535 additional records": lambda query: reply(query, counts=(1, 1, 0, 65535)),
    "RDLENGTH past the end": lambda query: reply(query, record(length=5)),
    "RDLENGTH 65,535": lambda query: reply(query, record(length=65535)),
    "an A of three octets": lambda query: reply(query, record(rdata=FALSE[:3])),
    "an A of five octets": lambda query: reply(query, record(rdata=FALSE + b"\6")),
    "two OPTs": lambda query: reply(query, record() + 2 * ROOT_OPT, counts=(1, 1, 0, 2)),
    "an OPT among the answers": lambda query: reply(query, record() + ROOT_OPT, counts=(1, 2, 0, 0)),
    "an OPT that is not the root's": lambda query: reply(query, record() + b"\1a" + ROOT_OPT, counts=(1, 1, 0, 1)),
    "an option past its OPT": lambda query: reply(query, record() + ROOT_OPT[:-2] + b"\0\4\0\3\0\1",
                                                  counts=(1, 1, 0, 1)),
}
