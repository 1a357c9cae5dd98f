# Jobs through a queue to several workers; a limit on how many run at once.
import asyncio


async def worker(queue, limit, results):
    while True:
        job = await queue.get()
        if job is None:
            return
        async with limit:
            await asyncio.sleep(0.001)
            results.append(job * job)


async def produce(queue, workers):
    for job in range(1, 21):
        await queue.put(job)
    for _ in range(workers):
        await queue.put(None)


async def answer_after(seconds, text):
    await asyncio.sleep(seconds)
    return text


async def main():
    queue = asyncio.Queue(maxsize=4)
    limit = asyncio.Semaphore(2)
    results = []
    async with asyncio.TaskGroup() as group:
        group.create_task(produce(queue, workers=3))
        for _ in range(3):
            group.create_task(worker(queue, limit, results))
    print(f"{len(results)} results, sum {sum(results)}")

    for task in asyncio.as_completed([answer_after(0.2, "slow"), answer_after(0.1, "quick")]):
        print(await task)


if __name__ == "__main__":
    asyncio.run(main())
