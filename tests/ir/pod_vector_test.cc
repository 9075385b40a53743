// PodVector: what it holds after growth, copies and moves.
#include "tcg/ir/pod_vector.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <utility>

namespace xarch {
namespace {

using Vector = ir::PodVector<uint32_t>;

Vector counted(uint32_t n) {
  Vector v;
  for (uint32_t i = 0; i < n; ++i) v.push_back(i);
  return v;
}

TEST(PodVector, GrowsAndKeepsWhatItHolds) {
  const Vector v = counted(1000);
  ASSERT_EQ(v.size(), 1000u);
  EXPECT_GE(v.capacity(), v.size());
  EXPECT_EQ(v.back(), 999u);
  EXPECT_EQ(std::accumulate(v.begin(), v.end(), 0u), 499500u);
}

TEST(PodVector, AppendsAnElementOfItsOwn) {
  Vector v = counted(1);
  while (v.size() < 200) v.push_back(v[0]);
  EXPECT_EQ(v.back(), 0u);
}

TEST(PodVector, ClearKeepsTheMemory) {
  Vector v = counted(100);
  const uint32_t* const data = v.data();
  v.clear();
  EXPECT_TRUE(v.empty());
  v.resize(100);
  EXPECT_EQ(v.data(), data);
  EXPECT_EQ(v[99], 0u);
}

TEST(PodVector, CopiesAreApart) {
  Vector a = counted(40);
  Vector b = a;
  EXPECT_EQ(a, b);
  b[7] = 1;
  EXPECT_EQ(a[7], 7u);
  EXPECT_FALSE(a == b);
  a = counted(3);
  b = a;
  EXPECT_EQ(b.size(), 3u);
  EXPECT_EQ(a, b);
}

TEST(PodVector, MovesTakeTheMemory) {
  Vector a = counted(40);
  const uint32_t* const data = a.data();
  Vector b = std::move(a);
  EXPECT_EQ(b.data(), data);
  Vector c;
  c = std::move(b);
  EXPECT_EQ(c.data(), data);
  EXPECT_EQ(c.size(), 40u);
}

}  // namespace
}  // namespace xarch
