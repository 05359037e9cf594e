// Times npm's npos on a job from standard input, for `cargo bench --bench receipt -- npos FOLDER`:
// `node npos.js FOLDER`, where FOLDER is one in which npos was installed. One line goes out: the
// seconds of the processor's time that parsing the job took, the median of five times, and how many
// nodes its tree has. Its parser takes commands and text apart; it has no layout.
"use strict";

const path = require("node:path");
const npos = require(path.resolve(process.argv[2], "node_modules", "npos"));

const RUNS = 5;

async function main(job) {
  const times = [];
  let nodes = 0;
  for (let run = 0; run < RUNS; run++) {
    const start = process.cpuUsage();
    const ast = await npos.parser().parse(job);
    const spent = process.cpuUsage(start);
    times.push((spent.user + spent.system) / 1e6);
    nodes = ast.tree.length;
  }
  times.sort((a, b) => a - b);
  console.log(times[(RUNS - 1) / 2], nodes);
}

const chunks = [];
process.stdin.on("data", (chunk) => chunks.push(chunk));
process.stdin.on("end", () => main(Buffer.concat(chunks)));
