// Emits every form with every operand kind and reads it back with LLVM MC.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tests/emitter/forms.h"
#include "tests/emitter/mc.h"

namespace xarch::test {
namespace {

using namespace x86_64;

constexpr size_t kMaxReports = 100;

std::string hex(const uint8_t* p, size_t n) {
  std::string s;
  char b[4];
  for (size_t i = 0; i < n; i++) std::snprintf(b, sizeof b, "%02x ", p[i]), s += b;
  return s;
}

class EncodeTest : public testing::Test {
 protected:
  // Emits one instance and compares; every form's count goes up.
  void check(const Instance& i) {
    Assembler a(code_buffer + 4096, code_buffer + kBufferSize);
    std::memset(code_buffer + 4096, 0xcc, 2 * Assembler::kMaxInstruction);
    i.emit(a);
    const McInstruction mc = mc_.decode(a.begin(), a.size() + 1);
    counts_[std::string(i.form)]++;
    checked_++;
    const bool bad = mc.text != i.text || mc.length != a.size() || a.size() > Assembler::kMaxInstruction ||
                     a.begin()[Assembler::kMaxInstruction] != 0xcc;
    if (!bad) return;
    failures_++;
    // One report per form is enough to see what is wrong with it.
    if (reported_.insert(std::string(i.form)).second && reported_.size() <= kMaxReports) {
      ADD_FAILURE() << i.form << "\n  bytes    " << hex(a.begin(), a.size()) << "\n  expected " << i.text
                    << "\n  MC       " << mc.text << " (" << mc.length << " bytes)";
    }
  }
  void TearDown() override {
    EXPECT_EQ(failures_, 0) << "of " << checked_;
    RecordProperty("instructions", checked_);
  }

  // All variants of a table row must have been seen.
  void expect_row(const SimdRow& row) {
    const bool mem_only =
        row.form == SimdForm::kMr || row.form == SimdForm::kRmMem || row.form == SimdForm::kRvmMem;
    for (const char* isa : {"sse", "avx128", "avx256"}) {
      const bool legacy = isa[0] == 's';
      if (row.isa == (legacy ? SimdIsa::kAvx : SimdIsa::kSse)) continue;
      if (row.wide == (isa[3] == '2' ? SimdWide::kNo256 : SimdWide::kOnly256) && !legacy) continue;
      int registers = 0, memory = 0;
      for (const char* kind : {"xx", "xr", "rx"}) registers += count(isa, row.name, kind);
      for (const char* kind : {"xm", "mx", "rm"}) memory += count(isa, row.name, kind);
      EXPECT_EQ(registers != 0, !mem_only) << isa << " " << row.name;
      EXPECT_EQ(memory != 0, row.mem != 0) << isa << " " << row.name;
    }
  }
  int count(const char* isa, const char* name, const char* kind) const {
    const auto it = counts_.find(std::string(isa) + " " + name + " " + kind);
    return it == counts_.end() ? 0 : it->second;
  }

  Mc mc_;
  std::map<std::string, int> counts_;
  std::set<std::string> reported_;
  int checked_ = 0;
  int failures_ = 0;
};

TEST_F(EncodeTest, IntegerForms) {
  visit_integer_forms([&](const Instance& i) { check(i); });
  EXPECT_GT(checked_, 100000);
}

TEST_F(EncodeTest, SimdForms) {
  visit_simd_forms([&](const Instance& i) { check(i); });
  EXPECT_GT(checked_, 100000);
}

// The addressing modes in full, for one form of each shape: prefix, REX, VEX of two and three bytes,
// immediates.
TEST_F(EncodeTest, AddressingModes) {
  const std::vector<Mem> modes = all_memory_modes();
  unsigned k = 0;
  for (const Mem& m : modes) {
    const Reg r = static_cast<Reg>(k & 15);
    const Xmm x = static_cast<Xmm>((k * 7) & 15), y = static_cast<Xmm>((k * 3 + 1) & 15);
    const std::string m8 = mem_text(m, 1), m32 = mem_text(m, 4), m64 = mem_text(m, 8), m128 = mem_text(m, 16);
    const std::string xn = xmm_name(128, x), yn = xmm_name(128, y), rn = reg_name(64, r);
    k++;
    check({"load", "mov " + rn + ", " + m64, [=](Assembler& a) { a.mov(64, r, m); }, &m});
    check({"store8", "mov " + m8 + ", " + reg_name(8, r), [=](Assembler& a) { a.mov(8, m, r); }, &m});
    check(
        {"store16", "mov " + mem_text(m, 2) + ", 4660", [=](Assembler& a) { a.mov_imm(16, m, 0x1234); }, &m});
    check({"imm8", "add " + m32 + ", 7", [=](Assembler& a) { a.alu(Alu::kAdd, 32, m, 7); }, &m});
    check({"imm32", "add " + m64 + ", 1000", [=](Assembler& a) { a.alu(Alu::kAdd, 64, m, 1000); }, &m});
    check({"0f", "movzx " + reg_name(32, r) + ", " + m8, [=](Assembler& a) { a.movzx(r, 8, m); }, &m});
    check({"sse", "paddb " + xn + ", " + m128, [=](Assembler& a) { a.sse(Simd::paddb, x, m); }, &m});
    check({"sse38", "pshufb " + xn + ", " + m128, [=](Assembler& a) { a.sse(Simd::pshufb, x, m); }, &m});
    check({"sse3a", "pextrb " + m8 + ", " + xn + ", 9", [=](Assembler& a) { a.sse(Simd::pextrb, m, x, 9); },
           &m});
    check({"vex2", "vpaddb " + xn + ", " + yn + ", " + m128,
           [=](Assembler& a) { a.avx(Simd::paddb, 128, x, y, m); }, &m});
    check({"vex3", "vfmadd231sd " + xn + ", " + yn + ", " + m64,
           [=](Assembler& a) { a.avx(Simd::vfmadd231sd, 128, x, y, m); }, &m});
    check(
        {"bmi", "shlx " + rn + ", " + m64 + ", rdi", [=](Assembler& a) { a.shlx(64, r, m, Reg::rdi); }, &m});
    check({"lock", "lock cmpxchg " + m32 + ", " + reg_name(32, r),
           [=](Assembler& a) { a.lock_cmpxchg(32, m, r); }, &m});
  }
}

// Parameter types of a declaration, in the notation of Instance::form.
std::string signature(const std::string& name, const std::string& parameters) {
  std::string types, word, out;
  std::istringstream in(parameters);
  while (std::getline(in, word, ',')) {
    std::istringstream words(word);
    std::string type;
    words >> type;
    if (type == "const") words >> type;
    while (!type.empty() && type.back() == '&') type.pop_back();
    types += (types.empty() ? "" : ",") + type;
  }
  return name + "(" + types + ")";
}

// Every emitting method that the header declares must be reached by the walk above or by one of the label
// tests; every row of the SIMD table with every operand kind it allows.
TEST_F(EncodeTest, NothingIsLeftOut) {
  visit_forms([&](const Instance& i) { counts_[std::string(i.form)]++; });
  const std::set<std::string> kElsewhere = {// Labels, host targets and padding: label_test.cc.
                                            "reset(uint8_t*,uint8_t*,int64_t)",
                                            "rewind(uint8_t*)",
                                            "bind(Label)",
                                            "jcc(Cc,Label)",
                                            "jmp(Label)",
                                            "call(Label)",
                                            "jcc_short(Cc,Label)",
                                            "jmp_short(Label)",
                                            "jcc(Cc,HostPc)",
                                            "jmp(HostPc)",
                                            "call(HostPc)",
                                            "nop(size_t)",
                                            "align(size_t)",
                                            "put8(unsigned)",
                                            "put16(unsigned)",
                                            "put32(uint32_t)",
                                            "put64(uint64_t)"};
  std::ifstream file(XARCH_ASSEMBLER_HEADER);
  ASSERT_TRUE(file);
  std::stringstream text;
  text << file.rdbuf();
  std::string header = text.str();
  header.resize(header.find(" private:\n"));
  int methods = 0;
  for (size_t at = 0; (at = header.find(" void ", at)) != std::string::npos;) {
    at += 6;
    const size_t open = header.find('(', at), close = header.find(')', at);
    const std::string name = header.substr(at, open - at);
    if (name == "name" || name == "sse" || name == "avx" || name == "sse_shift" || name == "avx_shift")
      continue;
    const std::string s = signature(name, header.substr(open + 1, close - open - 1));
    methods++;
    EXPECT_TRUE(counts_.contains(s) || kElsewhere.contains(s)) << s << " is not tested";
  }
  EXPECT_GT(methods, 80);
  for (size_t i = 0; i < kSimdCount; i++) expect_row(kSimdRows[i]);
}

}  // namespace
}  // namespace xarch::test
