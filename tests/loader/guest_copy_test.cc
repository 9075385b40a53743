// Copies that survive a fault: every length and every distance to memory that is not there.
#include "linux-user/guest_copy.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace xarch::linux_user {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kMost = 300;  // words, vectors and string operations

void handler(int, siginfo_t*, void* context) {
  if (!guarded_copy_fixup(static_cast<ucontext_t*>(context))) _exit(99);
}

// A page, with nothing behind it.
class GuestCopy : public testing::Test {
 protected:
  void SetUp() override {
    struct sigaction action = {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO;
    ASSERT_EQ(sigaction(SIGSEGV, &action, &before_), 0);
    void* p = mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(p, MAP_FAILED);
    page_ = static_cast<uint8_t*>(p);
    ASSERT_EQ(mprotect(page_ + kPage, kPage, PROT_NONE), 0);
    for (size_t i = 0; i < kMost; ++i) bytes_[i] = static_cast<uint8_t>(i * 7 + 1);
  }
  void TearDown() override {
    munmap(page_, 2 * kPage);
    sigaction(SIGSEGV, &before_, nullptr);
  }

  uint8_t* page_ = nullptr;
  uint8_t bytes_[kMost];
  struct sigaction before_ = {};
};

TEST_F(GuestCopy, CopiesWhatIsAskedForAndNoMore) {
  for (size_t n = 0; n <= kMost; ++n) {
    uint8_t* const to = page_ + kPage - n;
    memset(page_, 0, kPage);
    ASSERT_EQ(xarch_guarded_copy(to, bytes_, n), 0u) << n;
    ASSERT_EQ(memcmp(to, bytes_, n), 0) << n;
    ASSERT_EQ(to[-1], 0) << n;
    uint8_t back[kMost + 1];
    memset(back, 0xee, sizeof back);
    ASSERT_EQ(xarch_guarded_copy(back, to, n), 0u) << n;
    ASSERT_EQ(memcmp(back, bytes_, n), 0) << n;
    ASSERT_EQ(back[n], 0xee) << n;
  }
}

TEST_F(GuestCopy, SaysHowMuchIsMissing) {
  for (size_t n = 1; n <= kMost; ++n) {
    for (size_t there = 0; there < n; ++there) {
      uint8_t* const at = page_ + kPage - there;
      memset(page_ + kPage - kMost, 0, kMost);
      size_t missing = xarch_guarded_copy(at, bytes_, n);
      ASSERT_GE(missing, n - there) << n << " bytes, " << there << " of them there";
      ASSERT_LT(missing, n - there + 16);
      ASSERT_LE(missing, n);
      ASSERT_EQ(memcmp(at, bytes_, n - missing), 0) << n << " bytes, " << there << " of them there";
      uint8_t back[kMost] = {};
      memcpy(at, bytes_, there);
      missing = xarch_guarded_copy(back, at, n);
      ASSERT_GE(missing, n - there);
      ASSERT_LE(missing, n);
      ASSERT_EQ(memcmp(back, bytes_, n - missing), 0);
      ASSERT_NE(xarch_guarded_zero(at, n), 0u);
      for (size_t i = 0; i < there; ++i) ASSERT_EQ(at[i], 0);
    }
  }
}

TEST_F(GuestCopy, WordsAtATime) {
  auto* const last = reinterpret_cast<uint32_t*>(page_ + kPage) - 1;
  *last = 5;
  uint32_t value = 0;
  EXPECT_EQ(xarch_guarded_load32(last, &value), 0);
  EXPECT_EQ(value, 5u);
  EXPECT_NE(xarch_guarded_load32(last + 1, &value), 0);
  uint32_t expected = 5;
  EXPECT_EQ(xarch_guarded_cas32(last, &expected, 6), 0);
  EXPECT_EQ(*last, 6u);
  EXPECT_EQ(xarch_guarded_cas32(last, &expected, 7), 0);
  EXPECT_EQ(expected, 6u);
  EXPECT_EQ(*last, 6u);
  EXPECT_NE(xarch_guarded_cas32(last + 1, &expected, 7), 0);
}

}  // namespace
}  // namespace xarch::linux_user
