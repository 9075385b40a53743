<?php
// Strings, arrays, closures, generators, classes, regular expressions, JSON, digests, files, processes, sockets, dates.
declare(strict_types=1);
printf("%05.2f|%'*10s|%b|%e\n", 3.14159, "text", 10, 12345.678);
var_dump(PHP_INT_MAX + 1, 7 <=> 3, "10" == "1e1", intdiv(7, 2), 0.1 + 0.2, round(2.5), fmod(10, 3), 7 % -3);
function primes(int $n): Generator { for ($i = 2; $i < $n; $i++) { for ($j = 2; $j * $j <= $i; $j++) if ($i % $j == 0) continue 2; yield $i; } }
echo array_sum(iterator_to_array(primes(2000), false)), "\n";
$words = explode(" ", "the quick brown fox jumps over the lazy dog");
usort($words, fn($a, $b) => strlen($a) <=> strlen($b) ?: strcmp($a, $b));
echo implode(",", $words), " ", ucwords("a b"), " ", similar_text("World", "Word"), " ", levenshtein("kitten", "sitting"), " ", metaphone("Thompson"), "\n";
print_r(array_count_values($words));
echo json_encode(["a" => [1, 2.5, null], "é" => true], JSON_UNESCAPED_UNICODE), " ", json_decode('{"x":{"y":[1,2]}}')->x->y[1], "\n";
foreach (["md5", "sha256", "crc32b", "xxh3", "whirlpool"] as $a) echo $a, " ", hash($a, "text"), "\n";
abstract class Shape { abstract public function area(): float; public function __toString(): string { return static::class . " " . number_format($this->area(), 3); } }
final class Circle extends Shape { public function __construct(private readonly float $r) {} public function area(): float { return M_PI * $this->r ** 2; } }
enum Suit: string { case Hearts = "H"; case Spades = "S"; public function label(): string { return ucfirst(strtolower($this->name)); } }
echo new Circle(1.5), " ", Suit::from("S")->label(), "\n";
echo preg_replace_callback('/(\w+)@(\w+)\.org/', fn($m) => strrev($m[1]) . " at " . $m[2], "user@host.org, a@b.org"), "\n";
try { strlen(5); } catch (TypeError $e) { echo get_class($e), "\n"; } finally { echo "finally\n"; }
echo match (true) { 5 > 3 => "yes", default => "no" }, " ", (function (int ...$n) { return array_product($n); })(2, 3, 7), "\n";
file_put_contents("/tmp/f", implode("\n", range(1, 1000)));
$f = new SplFileObject("/tmp/f"); $f->seek(499); echo trim($f->current()), " ", filesize("/tmp/f"), " ", count(file("/tmp/f")), "\n";
exec("sort -rn /tmp/f | head -n 2; exit 3", $lines, $status); echo implode(" ", $lines), " $status\n";
$p = proc_open(["cat"], [["pipe", "r"], ["pipe", "w"]], $pipes); fwrite($pipes[0], "through"); fclose($pipes[0]); echo stream_get_contents($pipes[1]), proc_close($p), "\n";
$s = stream_socket_server("tcp://127.0.0.1:0"); $c = stream_socket_client("tcp://" . stream_socket_get_name($s, false)); $a = stream_socket_accept($s); fwrite($c, "hello\n"); echo fgets($a);
echo date("D, d M Y", 951782400), " ", (new DateTime("2024-01-31"))->modify("+1 month")->format("Y-m-d"), "\n";
echo strlen(serialize(range(1, 100))), " ", unserialize(serialize([1, [2]]))[1][0], " ", base_convert("ff", 16, 2), "\n";
mt_srand(42); echo mt_rand(), " ", mt_rand(1, 100), "\n";
$sorted = range(1, 5000); shuffle($sorted); sort($sorted); echo $sorted[4999], " ", array_key_last(array_flip($sorted)), "\n";
$x = 0; for ($i = 0; $i < 300000; $i++) $x = ($x * 31 + $i) % 1000003; echo $x, " ", memory_get_peak_usage() > 0 ? "ok" : "", "\n";
$fiber = new Fiber(function (int $x): string { while ($x < 50) $x = Fiber::suspend($x * 2); return "done $x"; });
echo $fiber->start(5), " ", $fiber->resume(20), " "; $fiber->resume(60); echo $fiber->getReturn(), "\n";
echo gettype(opendir("/")), " ", is_dir("/proc/self"), " ", php_uname("s"), "\n";
