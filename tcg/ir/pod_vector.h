// PodVector: a vector of plain elements that is cheap to append to. The number of elements is stored, not
// computed from pointers, and growth is out of line, so that what is inlined where one is appended is short.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace xarch::ir {

template <typename T>
class PodVector {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  PodVector() = default;
  PodVector(const PodVector& other) { *this = other; }
  PodVector(PodVector&& other) noexcept { swap(other); }
  PodVector& operator=(const PodVector& other) {
    if (this == &other) return *this;
    clear();
    reserve(other.size_);
    std::uninitialized_copy_n(other.data_, other.size_, data_);
    size_ = other.size_;
    return *this;
  }
  PodVector& operator=(PodVector&& other) noexcept {
    swap(other);
    return *this;
  }
  ~PodVector() { release(); }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](size_t i) {
    assert(i < size_);
    return data_[i];
  }
  const T& operator[](size_t i) const {
    assert(i < size_);
    return data_[i];
  }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }

  bool operator==(const PodVector& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }

  void clear() { size_ = 0; }
  void reserve(size_t capacity) {
    if (capacity > capacity_) grow(capacity);
  }
  void resize(size_t size) {
    reserve(size);
    if (size > size_) std::uninitialized_fill_n(data_ + size_, size - size_, T{});
    size_ = static_cast<uint32_t>(size);
  }
  void push_back(const T& v) {
    if (size_ == capacity_) [[unlikely]]
      return push_back_grown(v);
    append(v);
  }
  // push_back for who knows that there is capacity for it.
  void append(const T& v) {
    assert(size_ < capacity_);
    std::construct_at(data_ + size_, v);
    ++size_;
  }
  void swap(PodVector& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  [[gnu::noinline, gnu::cold]] void push_back_grown(T v) {
    grow(size_ + size_t{1});
    append(v);
  }
  [[gnu::noinline, gnu::cold]] void grow(size_t needed) {
    const size_t capacity = std::max({needed, size_t{capacity_} * 2, size_t{16}});
    T* const data = std::allocator<T>().allocate(capacity);
    std::uninitialized_copy_n(data_, size_, data);
    release();
    data_ = data;
    capacity_ = static_cast<uint32_t>(capacity);
  }
  void release() {
    if (data_ != nullptr) std::allocator<T>().deallocate(data_, capacity_);
  }

  T* data_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace xarch::ir
