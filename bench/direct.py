"""The limit without HTTP: pages a second through psycopg alone, from four threads of this process."""

import sys
import threading
import time

from psycopg_pool import ConnectionPool

from bench.bare import page


def main() -> None:
    url, patient, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    counts = []
    with ConnectionPool(url, min_size=4, max_size=4, open=True) as pool:
        pool.wait()
        end = time.perf_counter() + seconds

        def ask() -> None:
            pages = 0
            while time.perf_counter() < end:
                page(pool, patient)
                pages += 1
            counts.append(pages)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(sum(counts) / seconds)


if __name__ == "__main__":
    main()
