"""Seconds of an epoch of dense-128-dropout with PyTorch and its DataLoader: python -m benchmarks.torch_epoch"""

import time

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from mnist_lab.datasets.mnist import load


def main() -> None:
    dataset = load("mnist")
    images = torch.from_numpy(dataset.x_train).float() / 255
    batches = DataLoader(TensorDataset(images, torch.from_numpy(dataset.y_train).long()), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))
    optimizer, loss = torch.optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    for _ in range(2):  # the first warms up
        started = time.perf_counter()
        for x, y in batches:
            optimizer.zero_grad()
            loss(model(x), y).backward()
            optimizer.step()
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
