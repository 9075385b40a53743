// Emits every form with every operand kind and reads it back with LLVM MC.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

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

}  // namespace
}  // namespace xarch::test
