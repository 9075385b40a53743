// Random sequences of forms in one buffer, read back as a stream.
#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include "tests/emitter/forms.h"
#include "tests/emitter/mc.h"

namespace xarch::test {
namespace {

constexpr unsigned kSeed = 20240717;
constexpr size_t kPool = 20000;
constexpr int kSequences = 300;

struct Sample {
  std::string text;
  Emit emit;
};

// A uniform sample of all instances (reservoir sampling).
std::vector<Sample> sample_forms(std::mt19937& random) {
  std::vector<Sample> pool;
  size_t seen = 0;
  visit_forms([&](const Instance& i) {
    seen++;
    if (pool.size() < kPool) {
      pool.push_back({i.text, i.emit});
    } else if (const size_t at = random() % seen; at < kPool) {
      pool[at] = {i.text, i.emit};
    }
  });
  return pool;
}

TEST(Sequence, ReadsBackAsAStream) {
  std::printf("seed %u\n", kSeed);
  std::mt19937 random(kSeed);
  const std::vector<Sample> pool = sample_forms(random);
  const Mc mc;
  for (int n = 0; n < kSequences; n++) {
    Assembler a(code_buffer, code_buffer + 4096);
    std::vector<const Sample*> emitted;
    while (a.reserve()) {
      emitted.push_back(&pool[random() % pool.size()]);
      emitted.back()->emit(a);
    }
    ASSERT_LE(a.cursor(), a.end());
    const uint8_t* p = a.begin();
    for (const Sample* s : emitted) {
      const McInstruction i = mc.decode(p, static_cast<size_t>(a.cursor() - p));
      ASSERT_EQ(i.text, s->text) << "sequence " << n << " at " << p - a.begin();
      p += i.length;
    }
    EXPECT_EQ(p, a.cursor());
  }
}

}  // namespace
}  // namespace xarch::test
