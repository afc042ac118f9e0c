//! Suiftly's dataflow: worker, inputs, views, outputs. The only timely and differential-dataflow.
