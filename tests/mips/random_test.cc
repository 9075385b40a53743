// Random code on random state: the interpreter against qemu-mips, which runs the same records by way of a
// small guest program. Each record is run in regions as long as the lifter likes them, and one instruction at
// a time.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "targets/mips/core/decode.h"
#include "targets/mips/core/raise.h"
#include "tests/mips/random_code.h"
#include "tests/mips/runner.h"

namespace xarch::mips {
namespace {

template <typename T>
void swap_words(std::vector<T>& v) {
  auto* words = reinterpret_cast<uint32_t*>(v.data());
  for (size_t i = 0; i < v.size() * sizeof(T) / 4; ++i) words[i] = __builtin_bswap32(words[i]);
}

// Where the oracle is known to be wrong, its result becomes ours: it does not look at the codes of TEQ and
// the like that stand for a division by zero and an overflow, and of exceptions in a delay slot it reports
// the slot's address.
// So it does of faults in the slot of a branch that leads to the instruction after the slot or can't be
// taken.
void excuse(const Stop& stop, const Outcome& ours, const TestMemory& memory, Outcome* theirs) {
  if (stop.reason == tcg::Exit::kFault && theirs->pc == ours.pc + 4) {
    uint32_t w = memory.get32(ours.pc);
    unsigned row = decode(w, kMips32 | kMips32R2);
    bool same = (w >> 21 & 31) == (w >> 16 & 31), zero = (w >> 21 & 31) == 0;
    bool never = (w >> 26 == 5 && same) || (zero && (w >> 26 == 7 || (w >> 26 == 1 && (w >> 16 & 1) == 0)));
    bool idle = (w & 0xffff) == 1 || never;
    if (row != kNoRow && (rows()[row].flags & kBranch) != 0 && idle) theirs->pc = ours.pc;
  }
  if (stop.reason != tcg::Exit::kRaise) return;
  RaiseCode c = RaiseCode::unpack(stop.code);
  if (c.kind == Raise::kTrap && ours.signo == 8 && theirs->signo == 5) theirs->signo = 8;
  if (c.in_slot && theirs->pc == ours.pc + 4) theirs->pc = ours.pc;
}

// What qemu-mips makes of the records; empty if it can't be run.
std::vector<Outcome> oracle(std::vector<Record> records) {
  std::string dir = ::testing::TempDir(), name = dir + "/xarch-mips-" + std::to_string(getpid());
  std::string in = name + ".in", out = name + ".out";
  swap_words(records);
  std::ofstream(in, std::ios::binary)
      .write(reinterpret_cast<char*>(records.data()),
             static_cast<std::streamsize>(records.size() * sizeof(Record)));
  std::string command = "qemu-mips '" XARCH_MIPS_HARNESS "' < '" + in + "' > '" + out + "'";
  int status = std::system(command.c_str());
  EXPECT_EQ(status, 0) << command;
  std::vector<Outcome> results(records.size());
  std::ifstream file(out, std::ios::binary);
  file.read(reinterpret_cast<char*>(results.data()),
            static_cast<std::streamsize>(results.size() * sizeof(Outcome)));
  EXPECT_EQ(static_cast<size_t>(file.gcount()), results.size() * sizeof(Outcome));
  unlink(in.c_str());
  unlink(out.c_str());
  swap_words(results);
  return results;
}

// The signal that Linux sends for it.
unsigned signal_of(const Stop& stop) {
  constexpr unsigned kIll = 4, kTrapSignal = 5, kFpe = 8, kBus = 10, kSegv = 11;
  if (stop.reason == tcg::Exit::kLookup) return 0;
  if (stop.reason == tcg::Exit::kFault) return stop.aligned ? kSegv : kBus;
  if (stop.reason != tcg::Exit::kRaise) return 999;
  RaiseCode c = RaiseCode::unpack(stop.code);
  switch (c.kind) {
    case Raise::kOverflow: return kFpe;
    case Raise::kBreak: {
      uint32_t code = c.operand >= 1024 ? (c.operand >> 10 | (c.operand & 1023) << 10) : c.operand;
      return code == 6 || code == 7 ? kFpe : kTrapSignal;
    }
    case Raise::kTrap: return c.operand == 6 || c.operand == 7 ? kFpe : kTrapSignal;
    case Raise::kDebug: return kTrapSignal;
    default: return kIll;
  }
}

// Runs a record as the lifter likes (limit 0) or in steps. *undefined: the record did what the architecture
// leaves open.
Outcome run(const Record& record, unsigned index, TestMemory& memory, unsigned limit, bool* undefined,
            Stop* why, std::vector<unsigned>* reached, testing::RegionRunner* tier1) {
  Runner runner(memory, {}, tier1);
  State& s = runner.state();
  for (unsigned i = 0; i < 32; ++i) s.gpr[i] = record.regs[i];
  s.hi = record.hi;
  s.lo = record.lo;
  for (unsigned i = 0; i < kMemWords; ++i) memory.put32(kData + 4 * i, record.mem[i]);
  for (unsigned i = 0; i < kCodeWords; ++i) memory.put32(code_address(index, i), record.code[i]);
  s.pc = code_address(index, 0);
  Stop stop = runner.run(kStub, limit, [&](const State& now) {
    uint32_t w = memory.get32(static_cast<uint32_t>(now.pc));
    unsigned row = decode(w, kMips32 | kMips32R2);
    if (row == kNoRow) return;
    ++(*reached)[row];
    // SC to another address than LL's.
    uint32_t address = now.gpr[w >> 21 & 31] + static_cast<uint32_t>(static_cast<int16_t>(w));
    if (rows()[row].text == "sc" && now.ll_addr != kNoLink && now.ll_addr != address) *undefined = true;
    bool divides = rows()[row].text == "div" || rows()[row].text == "divu";
    if (divides && (w >> 16 & 31) == 0) *undefined = true;
    if (divides && now.gpr[w >> 16 & 31] == 0) *undefined = true;
  });
  *why = stop;
  Outcome r = {};
  r.signo = signal_of(stop);
  r.pc = r.signo != 0 ? static_cast<uint32_t>(s.pc) : 0;
  for (unsigned i = 1; i < 32; ++i) r.regs[i] = s.gpr[i];
  r.hi = s.hi;
  r.lo = s.lo;
  for (unsigned i = 0; i < kMemWords; ++i) r.mem[i] = memory.get32(kData + 4 * i);
  return r;
}

std::string difference(const Outcome& ours, const Outcome& theirs) {
  auto hex = [](uint32_t v) {
    char text[16];
    std::snprintf(text, sizeof text, "%08x", v);
    return std::string(text);
  };
  std::string d;
  auto check = [&](const std::string& what, uint32_t a, uint32_t b) {
    if (a != b) d += " " + what + " " + hex(a) + " instead of " + hex(b);
  };
  check("signal", ours.signo, theirs.signo);
  check("pc", ours.pc, theirs.pc);
  for (unsigned i = 1; i < 32; ++i) {
    if (i != 26 && i != 27) check(std::string("$").append(std::to_string(i)), ours.regs[i], theirs.regs[i]);
  }
  check("hi", ours.hi, theirs.hi);
  check("lo", ours.lo, theirs.lo);
  for (unsigned i = 0; i < kMemWords; ++i)
    check(std::string("mem").append(std::to_string(4 * i)), ours.mem[i], theirs.mem[i]);
  return d;
}

std::string listing(const Record& record) {
  std::string s;
  for (uint32_t w : record.code) {
    unsigned row = decode(w, kMips32 | kMips32R2);
    char text[48];
    std::snprintf(text, sizeof text, " %08x(%s)", w,
                  row == kNoRow ? "?" : std::string(rows()[row].text).c_str());
    s += text;
    if (w >> 26 == 2 && (w << 2 & 0x0fffffff) == (kStub & 0x0fffffff)) break;
  }
  return s;
}

TEST(MipsRandom, AgreesWithQemu) {
  const char* count_text = std::getenv("XARCH_RANDOM_COUNT");
  const char* seed_text = std::getenv("XARCH_RANDOM_SEED");
  unsigned count = count_text != nullptr ? static_cast<unsigned>(std::atoi(count_text)) : 20000;
  uint64_t seed = seed_text != nullptr ? std::strtoull(seed_text, nullptr, 0) : 1;
  std::printf("seed %lu, %u records\n", static_cast<unsigned long>(seed), count);
  std::mt19937_64 rng(seed);
  unsigned num_rows = static_cast<unsigned>(rows().size());
  std::vector<Record> records;
  for (unsigned i = 0; i < count; ++i) {
    unsigned row = i % num_rows;  // so that every row is reached
    while (!row_usable(row)) row = (row + 1) % num_rows;
    records.push_back(random_record(i, row, rng));
  }
  std::vector<Outcome> theirs = oracle(records);
  TestMemory memory;
  memory.map(kStub, 0x8000000);
  memory.map(kData, 0x1000);
  testing::RegionRunner tier1(layout(), memory.base());
  unsigned undefined = 0, signals = 0;
  std::vector<unsigned> reached(num_rows);
  for (unsigned i = 0; i < count; ++i) {
    bool open = false;
    Stop why;
    Outcome stepped = run(records[i], i, memory, 1, &open, &why, &reached, nullptr);
    Outcome whole = run(records[i], i, memory, 0, &open, &why, &reached, nullptr);
    Outcome emitted = run(records[i], i, memory, 0, &open, &why, &reached, &tier1);
    ASSERT_EQ(difference(whole, stepped), "") << "record " << i << ":" << listing(records[i]);
    ASSERT_EQ(difference(emitted, whole), "") << "tier 1, record " << i << ":" << listing(records[i]);
    if (open) {
      ++undefined;
      continue;
    }
    excuse(why, whole, memory, &theirs[i]);
    signals += stepped.signo != 0;
    ASSERT_EQ(difference(whole, theirs[i]), "") << "record " << i << ":" << listing(records[i]);
  }
  for (unsigned row = 0; row < num_rows; ++row) {
    EXPECT_TRUE(reached[row] != 0 || !row_usable(row)) << rows()[row].text;
  }
  std::printf("%u left out as unpredictable, %u ended in a signal\n", undefined, signals);
}

}  // namespace
}  // namespace xarch::mips
