#include "frontend/options.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace xarch {

namespace {

// Edit distance with transpositions, for words of a command line.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); i++) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); j++) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); i++) {
    for (size_t j = 1; j <= b.size(); j++) {
      size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

std::string_view without_dashes(std::string_view name) {
  size_t start = name.find_first_not_of('-');
  return start == std::string_view::npos ? std::string_view() : name.substr(start);
}

Error unknown_option(std::string_view word, std::span<const OptionSpec> specs) {
  std::vector<std::string_view> names;
  for (const OptionSpec& spec : specs) names.push_back(without_dashes(spec.name));
  std::string message = "unknown option " + std::string(word);
  std::string_view near = nearest_name(without_dashes(word.substr(0, word.find('='))), names);
  for (const OptionSpec& spec : specs) {
    if (!near.empty() && without_dashes(spec.name) == near) {
      return {message + "; did you mean " + std::string(spec.name) + "?"};
    }
  }
  return {message + "; --help lists them"};
}

struct Match {
  const OptionSpec* spec = nullptr;
  std::string_view value;
  bool has_value = false;  // the value stands in the same word
};

Match match(std::span<const OptionSpec> specs, std::string_view word, bool joined_letters) {
  for (const OptionSpec& spec : specs) {
    if (word == spec.name) return {&spec, {}, false};
  }
  size_t equals = word.find('=');
  for (const OptionSpec& spec : specs) {
    bool letter = spec.name.size() == 2;
    if (spec.value.empty()) continue;
    if (!letter && equals != std::string_view::npos && word.substr(0, equals) == spec.name) {
      return {&spec, word.substr(equals + 1), true};
    }
    // A single letter's value may follow directly, unless the word was meant as a long name.
    if (joined_letters && letter && word.size() > 2 && word[1] != '-' && word.starts_with(spec.name)) {
      return {&spec, word.substr(2), true};
    }
  }
  return {};
}

}  // namespace

std::string_view nearest_name(std::string_view word, std::span<const std::string_view> names) {
  std::string_view best;
  size_t best_distance = std::numeric_limits<size_t>::max();
  for (std::string_view name : names) {
    size_t d = distance(word, name);
    if (d < best_distance) {
      best = name;
      best_distance = d;
    }
  }
  // A third of its letters may be wrong, and one always; a word of one letter resembles nothing.
  bool near = word.size() > 1 && best_distance <= std::max<size_t>(1, word.size() / 3) + (word.size() > 3);
  return near ? best : std::string_view();
}

Result<CommandLine> parse_options(std::span<const OptionSpec> specs, std::span<char*> words,
                                  bool double_dash_too) {
  CommandLine line;
  for (const OptionSpec& spec : specs) {
    const char* value = spec.env != nullptr ? getenv(spec.env) : nullptr;
    if (value != nullptr) line.options.push_back({&spec, value});
  }
  size_t i = 0;
  for (; i < words.size(); i++) {
    std::string_view word = words[i];
    if (word.size() < 2 || word[0] != '-') break;
    if (word == "--") {
      i++;
      break;
    }
    Match found = match(specs, word, !double_dash_too);
    if (found.spec == nullptr && double_dash_too && word.starts_with("--"))
      found = match(specs, word.substr(1), false);
    if (found.spec == nullptr) return unknown_option(word, specs);
    if (!found.spec->value.empty() && !found.has_value) {
      if (i + 1 == words.size()) {
        return Error{"option " + std::string(word) + " needs a value: " + std::string(found.spec->value)};
      }
      found.value = words[++i];
    }
    line.options.push_back({found.spec, found.value});
  }
  line.rest = words.subspan(i);
  return line;
}

std::string describe_options(std::span<const OptionSpec> specs) {
  std::string out;
  for (const OptionSpec& spec : specs) {
    if (spec.help.empty()) continue;
    std::string left = "  " + std::string(spec.name);
    if (!spec.value.empty()) left += " " + std::string(spec.value);
    left.resize(std::max<size_t>(left.size() + 2, 27), ' ');
    out += left + std::string(spec.help);
    if (spec.env != nullptr) out += " [" + std::string(spec.env) + "]";
    out += '\n';
  }
  return out;
}

Result<uint64_t> parse_size(std::string_view option, std::string_view text) {
  std::string copy(text);
  char* end = nullptr;
  errno = 0;
  uint64_t value = strtoull(copy.c_str(), &end, 0);
  unsigned shift = 0;
  if (*end == 'K' || *end == 'k') shift = 10;
  if (*end == 'M' || *end == 'm') shift = 20;
  if (*end == 'G' || *end == 'g') shift = 30;
  if (shift != 0) end++;
  bool digit = !copy.empty() && copy[0] >= '0' && copy[0] <= '9';
  if (!digit || *end != 0 || errno != 0 || value > UINT64_MAX >> shift) {
    return Error{std::string(option) + ": not a number of bytes: " + copy};
  }
  return value << shift;
}

}  // namespace xarch
