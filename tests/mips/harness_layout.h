// What the test and the harness (a program for the guest) agree upon: a record is a state, a piece of memory
// and a few instructions to run on them; a result is what they have become. All words are in the guest's byte
// order.
#pragma once

enum {
  kMemWords = 64,
  kCodeWords = 30,     // the last two are the jump to kStub
  kStub = 0x10000000,  // code jumps here when it is done
  kRecords = 0x10001000,
  kResults = 0x20000000,
  kData = 0x30000000,  // a page; the record's memory is at its beginning. Its neighbours are not mapped
};

struct Record {
  unsigned regs[32];
  unsigned hi, lo;
  unsigned mem[kMemWords];
  unsigned code[kCodeWords];
};

struct Outcome {
  unsigned signo;  // 0: the code ran to its end
  unsigned pc;     // where the signal says it came from
  unsigned regs[32];
  unsigned hi, lo;
  unsigned mem[kMemWords];
};
