#!/bin/bash
# A command of the monitor as one job of Slurm, with a Dask scheduler beside it and a worker in each further task:
#   sbatch deploy/slurm.sh monitor run --survey my_survey --wave 2026
# What has to be there stands in slurm.md.
#SBATCH --job-name=monitor
#SBATCH --ntasks=17
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=4G
#SBATCH --time=04:00:00
set -euo pipefail

: "${MONITOR_CERTIFICATES:?name the folder with ca.crt, tls.crt and tls.key}"
export DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION=true
export DASK_DISTRIBUTED__COMM__TLS__CA_FILE=$MONITOR_CERTIFICATES/ca.crt
for who in SCHEDULER WORKER CLIENT; do
    export "DASK_DISTRIBUTED__COMM__TLS__${who}__CERT=$MONITOR_CERTIFICATES/tls.crt"
    export "DASK_DISTRIBUTED__COMM__TLS__${who}__KEY=$MONITOR_CERTIFICATES/tls.key"
done
# Firms' answers are not written to a worker's disk; who does not answer for a minute is not waited for.
export DASK_DISTRIBUTED__WORKER__MEMORY__SPILL=false DASK_DISTRIBUTED__WORKER__MEMORY__TARGET=false
export DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL=60s
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

host=$(hostname)
# Two jobs on one machine have two numbers.
port=$((20000 + SLURM_JOB_ID % 20000))
export MONITOR_CLUSTER=tls://$host:$port
trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT

python -m dask scheduler --protocol tls --host "$host" --port "$port" --no-dashboard &
srun --ntasks=$((SLURM_NTASKS - 1)) --cpus-per-task=1 --exact \
    python -m dask worker "$MONITOR_CLUSTER" --nthreads 1 --no-dashboard --local-directory /tmp --death-timeout 120 &
until python -c 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)' "$host" "$port" \
    2>/dev/null; do
    kill -0 %1
    sleep 1
done
"$@"
