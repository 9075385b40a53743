// Results of single instructions on random states, every line of the table, interpreted and by tier 1,
// against another implementation of the architecture (qemu-aarch64 runs oracle.S). XARCH_ARM_CASES sets how
// many, XARCH_ARM_SEED the seed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "targets/arm/core/fp_state.h"
#include "targets/arm/core/guest.h"
#include "tcg/backend/interp/interp.h"
#include "tcg/ir/verifier.h"
#include "tcg/opt/passes.h"
#include "tests/arm/generator.h"
#include "tests/arm/reviewed.h"
#include "tests/support/region_runner.h"

namespace xarch::arm::test {
namespace {

struct Header {
  uint64_t cases, code_bytes, data_bytes, case_bytes;
};

uint64_t setting(const char* name, uint64_t fallback) {
  const char* v = getenv(name);
  return v ? strtoull(v, nullptr, 0) : fallback;
}

// Does the name contain one of the parts, which commas divide?
bool picked(std::string_view parts, std::string_view name) {
  while (!parts.empty()) {
    const size_t end = std::min(parts.find(','), parts.size());
    if (end > 0 && name.find(parts.substr(0, end)) != std::string_view::npos) return true;
    parts.remove_prefix(std::min(end + 1, parts.size()));
  }
  return false;
}

class Reader final : public tcg::CodeReader {
 public:
  bool fetch(uint64_t pc, void* out, unsigned bytes) override {
    memcpy(out, reinterpret_cast<const void*>(pc), bytes);
    return true;
  }
};

// Memory that remembers which case wrote where.
class LoggedMemory final : public tcg::InterpMemory {
 public:
  bool load(tcg::CpuHeader* cpu, uint64_t a, ir::MemDesc d, uint64_t* v) override {
    return flat_.load(cpu, a, d, v);
  }
  bool store(tcg::CpuHeader* cpu, uint64_t a, ir::MemDesc d, const uint64_t* v) override {
    note(a, d);
    return flat_.store(cpu, a, d, v);
  }
  bool cas(tcg::CpuHeader* cpu, uint64_t a, ir::MemDesc d, const uint64_t* e, const uint64_t* v,
           uint64_t* old) override {
    note(a, d);
    return flat_.cas(cpu, a, d, e, v, old);
  }
  bool rmw(tcg::CpuHeader* cpu, uint64_t a, ir::MemDesc d, ir::RmwOp op, uint64_t v, uint64_t* old) override {
    note(a, d);
    return flat_.rmw(cpu, a, d, op, v, old);
  }
  bool probe(tcg::CpuHeader* cpu, uint64_t a, ir::MemDesc d, ir::ProbeKind kind) override {
    return flat_.probe(cpu, a, d, kind);
  }

  size_t current = 0;
  std::vector<size_t> writer = std::vector<size_t>(kDataBytes, ~size_t{0});

 private:
  void note(uint64_t a, ir::MemDesc d) {
    for (unsigned i = 0; i < d.bytes(); ++i) writer[a - kData + i] = current;
  }
  tcg::FlatInterpMemory flat_;
};

class Results : public ::testing::Test {
 protected:
  static constexpr size_t kBatch = 4000;

  void SetUp() override {
    code_ = map(kCode, kFirstStub + kBatch * kStubBytes);
    data_ = map(kData, kDataBytes);
    ASSERT_EQ(reinterpret_cast<uint64_t>(code_), kCode);
    ASSERT_EQ(reinterpret_cast<uint64_t>(data_), kData);
    state_.reset();
  }
  void TearDown() override {
    munmap(code_, kFirstStub + kBatch * kStubBytes);
    munmap(data_, kDataBytes);
  }
  static uint8_t* map(uint64_t at, size_t bytes) {
    return static_cast<uint8_t*>(mmap(reinterpret_cast<void*>(at), bytes, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
  }

  // Makes a batch from `insns`, beginning with number `first` and round about.
  void make(Generator& g, const std::vector<Insn>& insns, size_t first, size_t count) {
    cases_.resize(count);
    insns_.resize(count);
    memset(code_, 0, kFirstStub);
    const uint32_t leave[2] = {0x5800005c,
                               0xd61f0380};  // ldr x28, .+8; br x28; the oracle fills in the address
    memcpy(code_, leave, 8);
    memcpy(code_ + 16, leave, 8);
    for (size_t i = 0; i < count; ++i) {
      const uint64_t at = kCode + kFirstStub + i * kStubBytes;
      uint32_t words[4];
      insns_[i] = insns[(first + i) % insns.size()];
      g.make(insns_[i], at, words, &cases_[i]);
      words[2] = branch(at + 8, kCode);
      words[3] = branch(at + 12, kCode + 16);
      memcpy(reinterpret_cast<void*>(at), words, sizeof words);
    }
    for (size_t i = 0; i < kDataBytes; i += 8) {
      const uint64_t v = g.random();
      memcpy(data_ + i, &v, 8);
    }
  }
  static uint32_t branch(uint64_t from, uint64_t to) {
    return 0x14000000 | (static_cast<uint32_t>((to - from) / 4) & 0x03ffffff);
  }

  // The oracle died: says in which instruction.
  void explain(const char* in) const {
    const std::string command = std::string("qemu-aarch64 -strace -cpu max,pauth=off ") + XARCH_ARM_ORACLE +
                                " < " + in + " 2>&1 >/dev/null | grep -a si_addr";
    char line[256] = {};
    FILE* f = popen(command.c_str(), "r");
    if (fgets(line, sizeof line, f)) printf("the oracle died: %s", line);
    pclose(f);
    const char* addr = strstr(line, "si_addr=");
    const uint64_t pc = addr ? strtoull(addr + 8, nullptr, 0) : 0;
    const uint64_t i = (pc - kCode - kFirstStub) / kStubBytes;
    if (i < insns_.size()) printf("in %s %08x\n", std::string(row(insns_[i]).name).c_str(), word(i));
  }

  // Has the oracle run the batch.
  bool ask(std::vector<Case>* states, std::vector<uint8_t>* memory) {
    char in[] = "/tmp/xarch-arm-in-XXXXXX", out[] = "/tmp/xarch-arm-out-XXXXXX";
    const int in_fd = mkstemp(in), out_fd = mkstemp(out);
    if (in_fd < 0 || out_fd < 0) return false;
    const size_t code_bytes = kFirstStub + cases_.size() * kStubBytes,
                 case_bytes = cases_.size() * sizeof(Case);
    const Header h = {cases_.size(), code_bytes, kDataBytes, case_bytes};
    bool ok = write(in_fd, &h, sizeof h) == sizeof h &&
              write(in_fd, code_, code_bytes) == static_cast<ssize_t>(code_bytes) &&
              write(in_fd, cases_.data(), case_bytes) == static_cast<ssize_t>(case_bytes) &&
              write(in_fd, data_, kDataBytes) == static_cast<ssize_t>(kDataBytes);
    const std::string command =
        std::string("qemu-aarch64 -cpu max,pauth=off ") + XARCH_ARM_ORACLE + " < " + in + " > " + out;
    const int status = ok ? system(command.c_str()) : -1;
    if (status != 0) explain(in);
    states->resize(cases_.size());
    memory->resize(kDataBytes);
    ok = status == 0 && pread(out_fd, states->data(), case_bytes, 0) == static_cast<ssize_t>(case_bytes) &&
         pread(out_fd, memory->data(), kDataBytes, static_cast<off_t>(case_bytes)) ==
             static_cast<ssize_t>(kDataBytes);
    close(in_fd);
    close(out_fd);
    unlink(in);
    unlink(out);
    return ok;
  }

  // One of the ways in which a case is run: interpreted, or emitted by tier 1 as the engine would do it; in a
  // process that has not looked at FPSR yet (fast), or with exact flags.
  struct Way {
    bool emitted, fast;
    std::string name() const {
      return std::string(emitted ? " (tier 1" : " (interpreter") + (fast ? ", fast)" : ")");
    }
  };

  // Runs case i on our side, in place.
  void run(size_t i, Arm64State* s, tcg::Interpreter& interp, Way way) {
    Case& c = cases_[i];
    for (unsigned n = 0; n < 31; ++n) s->x(n) = c.x[n];
    s->sp = c.sp;
    memcpy(static_cast<void*>(&s->v0), c.v, sizeof c.v);
    s->set_nzcv_bits(static_cast<uint32_t>(c.nzcv));
    reset_fp(*s);
    s->set_fpsr(static_cast<uint32_t>(c.fpsr));
    set_fpcr(*s, c.fpcr);
    if (!way.fast) use_exact_flags(*s);
    s->pc = c.code;
    tcg::Exit reason = execute(i, s, interp, way.emitted);
    while (reason == tcg::Exit::kRaise && handle_fp_raise(*s, s->hdr.exit_code, s->hdr.exit_value)) {
      if (s->pc >= c.code + 8) {
        reason = tcg::Exit::kLookup;
      } else {
        reason = execute(i, s, interp, way.emitted);
      }
    }
    if (reason != tcg::Exit::kLookup) {
      c.taken = 100 + static_cast<uint64_t>(reason);
    } else {
      c.taken = s->pc == c.code + 8 ? 0 : s->pc == c.code + 12 ? 1 : s->pc;
    }
    for (unsigned n = 0; n < 31; ++n) c.x[n] = s->x(n);
    c.sp = s->sp;
    memcpy(c.v, &s->v0, sizeof c.v);
    c.nzcv = s->nzcv_bits();
    c.fpcr = s->fpcr;
    c.fpsr = s->fpsr_value();
  }

  // From the state's pc, the case's first or second instruction, to behind the second one.
  tcg::Exit execute(size_t i, Arm64State* s, tcg::Interpreter& interp, bool emitted) {
    ir::BlockKey key;
    key.pc = s->pc;
    key.mode = guest_->mode(s);
    key.flags = s->pc == cases_[i].code ? 2 : 1;
    ir::Builder b(&region_, guest_->layout(), key);
    guest_->lift(b, reader_, tcg::LiftLimits{});
    if (emitted) {
      opt::run_passes(region_, work_);
      const xarch::testing::Outcome o = runner_.emit_and_run(region_, &s->hdr);
      if (!o.compiled) ADD_FAILURE() << row(insns_[i]).name << ": refused by tier 1";
      return o.reason;
    }
    const auto sound = ir::verify(region_);
    if (!sound) ADD_FAILURE() << row(insns_[i]).name << ": " << sound.error().message;
    return interp.run(region_, s).reason;
  }

  // Says what differs; empty if nothing does.
  static std::string difference(const Case& ours, const Case& theirs) {
    std::string out;
    char line[160];
    const auto differ = [&](const char* name, unsigned n, uint64_t a, uint64_t b) {
      if (a == b) return;
      snprintf(line, sizeof line, "  %s%u: %016lx, expected %016lx\n", name, n, a, b);
      out += line;
    };
    for (unsigned n = 0; n < 31; ++n) {
      if (n != 28) differ("x", n, ours.x[n], theirs.x[n]);
    }
    differ("sp", 0, ours.sp, theirs.sp);
    for (unsigned n = 0; n < 32; ++n) {
      differ("v.lo", n, ours.v[n][0], theirs.v[n][0]);
      differ("v.hi", n, ours.v[n][1], theirs.v[n][1]);
    }
    differ("nzcv", 0, ours.nzcv, theirs.nzcv);
    differ("fpcr", 0, ours.fpcr, theirs.fpcr);
    differ("fpsr", 0, ours.fpsr, theirs.fpsr & 0x0800009f);
    differ("taken", 0, ours.taken, theirs.taken);
    return out;
  }

  // Runs the batch and compares it with what the oracle made of it. The interpreter goes first and leaves in
  // `logged` who writes where.
  void compare(const std::vector<Case>& before, const std::vector<Case>& theirs,
               const std::vector<uint8_t>& memory, LoggedMemory& logged, Way way) {
    const std::string how = way.name();
    tcg::Interpreter interp(logged);
    for (size_t i = 0; i < cases_.size(); ++i) {
      logged.current = i;
      run(i, &state_, interp, way);
      if (way.fast && lacks_underflow(cases_[i], theirs[i], word(i))) cases_[i].fpsr |= kUfc;
      if (way.fast && lacks_denormal(before[i], cases_[i], theirs[i], word(i))) cases_[i].fpsr |= kIdc;
      const std::string d = difference(cases_[i], corrected(theirs[i], insns_[i], word(i)));
      if (d.empty()) continue;
      const std::string name = std::string(row(insns_[i]).name) + how;
      if (++failures_[name] <= 1) {
        ADD_FAILURE() << name << " " << std::hex << word(i) << " with fpcr " << before[i].fpcr << " nzcv "
                      << before[i].nzcv << "\n"
                      << d;
      }
    }
    for (size_t k = 0; k < kDataBytes; ++k) {
      if (data_[k] == memory[k]) continue;
      const size_t w = logged.writer[k];
      const std::string name = (w == ~size_t{0} ? "nothing of ours" : std::string(row(insns_[w]).name)) + how;
      if (++failures_["memory written by " + name] <= 1) {
        ADD_FAILURE() << "memory at +" << std::hex << k << " written by " << name << " "
                      << (w == ~size_t{0} ? 0 : word(w));
      }
    }
  }

  uint32_t word(size_t i) const {
    uint32_t w;
    memcpy(&w, code_ + kFirstStub + i * kStubBytes + 4, 4);
    return w;
  }

  // total cases of instructions that the model has.
  void campaign(const Model& model, uint64_t seed, uint64_t total);

  std::unique_ptr<Arm64Guest> guest_ = make_arm64_guest("max");
  Reader reader_;
  ir::Region region_;
  opt::Workspace work_;
  xarch::testing::RegionRunner runner_{guest_->layout(), 0, false, fpu::kArmRules};
  Arm64State state_;
  std::map<std::string, int> failures_;
  uint8_t* code_ = nullptr;
  uint8_t* data_ = nullptr;
  std::vector<Case> cases_;
  std::vector<Insn> insns_;
};

void Results::campaign(const Model& model, uint64_t seed, uint64_t total) {
  printf("%s, seed %lu, %lu cases\n", std::string(model.name).c_str(), seed, total);
  guest_ = std::make_unique<Arm64Guest>(model);
  const uint64_t fpcr = model.features.has(Feature::kFp16) ? ~uint64_t{0} : ~kFpcrFz16;
  Generator g(seed);
  std::vector<Insn> insns;
  for (unsigned i = 0; i < kNumInsns; ++i) {
    const Insn insn = static_cast<Insn>(i);
    if (Generator::skipped(insn).empty() && model.features.has(row(insn).feature)) insns.push_back(insn);
  }
  const char* only = getenv("XARCH_ARM_ONLY");
  if (only) std::erase_if(insns, [&](Insn i) { return !picked(only, row(i).name); });
  ASSERT_GE(total, insns.size()) << "too few cases to reach every line";
  for (size_t done = 0; done < total;) {
    const size_t count = std::min<size_t>(kBatch, total - done);
    make(g, insns, done, count);
    for (Case& c : cases_) c.fpcr &= fpcr;
    const std::vector<Case> before = cases_;
    const std::vector<uint8_t> data(data_, data_ + kDataBytes);
    std::vector<Case> theirs;
    std::vector<uint8_t> memory;
    ASSERT_TRUE(ask(&theirs, &memory));
    for (Case& c : theirs) c.fpcr &= fpcr;
    LoggedMemory logged;
    for (const Way way : {Way{false, false}, Way{false, true}, Way{true, false}, Way{true, true}}) {
      cases_ = before;
      memcpy(data_, data.data(), kDataBytes);
      compare(before, theirs, memory, logged, way);
    }
    done += count;
  }
  for (const auto& [name, n] : failures_) printf("%-24s %d\n", name.c_str(), n);
}

TEST_F(Results, AgreeWithTheOracle) {
  campaign(guest_->model(), setting("XARCH_ARM_SEED", 20240501), setting("XARCH_ARM_CASES", 60000));
}
// The other models: a part of the instructions, and of FPCR's bits.
TEST_F(Results, OfAllModelsAgreeWithTheOracle) {
  const uint64_t seed = setting("XARCH_ARM_SEED", 20240501) + 1, total = setting("XARCH_ARM_CASES", 12000);
  for (const Model& model : models()) {
    if (model.name != "max") campaign(model, seed, total);
  }
}

}  // namespace
}  // namespace xarch::arm::test
