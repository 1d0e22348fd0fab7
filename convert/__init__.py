"""From Keras to TensorFlow Lite: conversion, parity, cards."""
