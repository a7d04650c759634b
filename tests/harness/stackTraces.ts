import type { MultilineKind } from "../../components/alloy/recordStarts.ts";

/** An entry of each kind, as a program writes it after a line of its log. */
export const STACK_TRACES: Readonly<Record<MultilineKind, (first: string) => string>> = {
  java: (first) => `${first}

java.lang.IllegalStateException: no stock
	at com.example.shop.Orders.place(Orders.java:42) ~[app.jar:1.0]
	at java.base/java.lang.Thread.run(Thread.java:1583)
	Suppressed: java.io.IOException: closed
Caused by: com.example.StockException: sold out
	... 12 common frames omitted`,
  python: (first) => `${first}
Traceback (most recent call last):
  File "/app/shop.py", line 10, in place
    stock.take(1)
KeyError: 'apple'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/shop.py", line 12, in place
    raise errors.StockError("sold out")
app.errors.StockError: sold out`,
  go: (first) => `${first}
	panic: runtime error: index out of range [3] with length 3
[signal SIGSEGV: segmentation violation]

goroutine 1 [running]:
main.place(...)
	/app/main.go:12
github.com/example/shop.(*Orders).Run(0xc000010018, {0x4b2f40, 0xc00001})
	/app/orders.go:40 +0x1d
created by main.main in goroutine 1
	/app/main.go:8 +0x5a
exit status 2`,
  dotnet: (first) => `${first}
System.InvalidOperationException: no stock
 ---> Example.StockException: sold out
   at Example.Stock.Take(Int32 count) in /src/Stock.cs:line 9
   --- End of inner exception stack trace ---
   at Example.Orders.Place() in /src/Orders.cs:line 42`,
  node: (first) => `${first}
    at Orders.place (/app/orders.js:42:11)
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5) {
  code: 'ESTOCK',
  [cause]: Error: sold out
      at Stock.take (/app/stock.js:9:9)
}

Node.js v24.21.0`,
};
