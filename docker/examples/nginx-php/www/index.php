<?php
// Says hello; with ?seconds=3 only after that time, as something that takes long would.
$end = microtime(true) + min((float) ($_GET['seconds'] ?? 0), 5);
while (microtime(true) < $end) {
    usleep(50000);
}
header('Content-Type: text/plain');
printf("hello from PHP %s, process %d\n", PHP_VERSION, getmypid());
