// Reads a JUnit report on standard input as junit2json does, and prints how many suites, tests and failures it has.
import { parse } from "junit2json";
import { text } from "node:stream/consumers";

const report = await parse(await text(process.stdin));
const suites = report.testsuite ?? [];
const tests = suites.flatMap((suite) => suite.testcase ?? []);
console.log(suites.length, tests.length, tests.filter((test) => test.failure?.length).length);
