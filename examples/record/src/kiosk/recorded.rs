//! Tests generated from the steps of a session by `record`; only the prices were added by hand.
//!
//! `BLESS=1 cargo test -p record && cargo fmt` generates them again.

use super::*;

const ORDER_AT_STEP_2: &str = r#"{
  "v": 2,
  "session": "monday",
  "offset": 10,
  "graph": "Kiosk",
  "run": 2,
  "step": 2,
  "node": "order",
  "attempt": 1,
  "version": 1,
  "state": {
    "allSales": [
      {
        "drink": "tea",
        "price": 2.5
      }
    ],
    "answer": "Thank you! That is 2.50.",
    "discount": 0.0,
    "drink": "tea"
  },
  "inputs": {
    "coupon": 0.1,
    "drink": "coffee"
  },
  "conclusion": {
    "committed": {
      "patches": [
        [
          "drink",
          {
            "set": "coffee"
          }
        ],
        [
          "discount",
          {
            "set": 0.1
          }
        ]
      ],
      "next": {
        "node": "sell"
      }
    }
  }
}"#;

/// Node `order` at step 2 of the session `monday`, as it was recorded.
#[tokio::test]
async fn order_at_step_2() -> Result<(), Box<dyn std::error::Error>> {
    let fixture = burdock::testing::Fixture::from_json(ORDER_AT_STEP_2)?;
    let recorded = fixture.load::<Kiosk>()?;
    let inputs = recorded.inputs();
    let test = take_order::test(recorded.state())
        .input("drink", inputs.drink)
        .optional_input("coupon", inputs.coupon);
    recorded.compare(test).await?;
    Ok(())
}

const SELL_AT_STEP_3: &str = r#"{
  "v": 2,
  "session": "monday",
  "offset": 14,
  "graph": "Kiosk",
  "run": 2,
  "step": 3,
  "node": "sell",
  "attempt": 1,
  "version": 1,
  "state": {
    "allSales": [
      {
        "drink": "tea",
        "price": 2.5
      }
    ],
    "answer": "Thank you! That is 2.50.",
    "discount": 0.1,
    "drink": "coffee"
  },
  "inputs": {
    "coupon": 0.1,
    "drink": "coffee"
  },
  "items": [
    "coffee: 3.20",
    "your coupon: -0.32"
  ],
  "conclusion": {
    "committed": {
      "patches": [
        [
          "allSales",
          {
            "append": {
              "keep": 1,
              "tail": [
                {
                  "drink": "coffee",
                  "price": 2.8800000000000003
                }
              ]
            }
          }
        ],
        [
          "answer",
          {
            "set": "Thank you! That is 2.88."
          }
        ]
      ],
      "next": {
        "pause": "order"
      }
    }
  }
}"#;

/// Node `sell` at step 3 of the session `monday`, as it was recorded.
#[tokio::test]
async fn sell_at_step_3() -> Result<(), Box<dyn std::error::Error>> {
    let fixture = burdock::testing::Fixture::from_json(SELL_AT_STEP_3)?;
    let recorded = fixture.load::<Kiosk>()?;
    let test = sell::test(recorded.state())
        .resource::<Prices>("prices", Prices::of([("tea", 2.5), ("coffee", 3.2)]))
        .params(|params| params.thanks = Some("Thank you!".into()));
    recorded.compare(test).await?;
    Ok(())
}

const ORDER_AT_STEP_4: &str = r#"{
  "v": 2,
  "session": "monday",
  "offset": 18,
  "graph": "Kiosk",
  "run": 3,
  "step": 4,
  "node": "order",
  "attempt": 1,
  "version": 1,
  "state": {
    "allSales": [
      {
        "drink": "tea",
        "price": 2.5
      },
      {
        "drink": "coffee",
        "price": 2.8800000000000003
      }
    ],
    "answer": "Thank you! That is 2.88.",
    "discount": 0.1,
    "drink": "coffee"
  },
  "inputs": {
    "coupon": null,
    "drink": "cocoa"
  },
  "conclusion": {
    "committed": {
      "patches": [
        [
          "drink",
          {
            "set": "cocoa"
          }
        ],
        [
          "discount",
          {
            "set": 0.0
          }
        ]
      ],
      "next": {
        "node": "sell"
      }
    }
  }
}"#;

/// Node `order` at step 4 of the session `monday`, as it was recorded.
#[tokio::test]
async fn order_at_step_4() -> Result<(), Box<dyn std::error::Error>> {
    let fixture = burdock::testing::Fixture::from_json(ORDER_AT_STEP_4)?;
    let recorded = fixture.load::<Kiosk>()?;
    let inputs = recorded.inputs();
    let test = take_order::test(recorded.state())
        .input("drink", inputs.drink)
        .optional_input("coupon", inputs.coupon);
    recorded.compare(test).await?;
    Ok(())
}

const SELL_FAILS_AT_STEP_5: &str = r#"{
  "v": 2,
  "session": "monday",
  "offset": 20,
  "graph": "Kiosk",
  "run": 3,
  "step": 5,
  "node": "sell",
  "attempt": 1,
  "version": 1,
  "state": {
    "allSales": [
      {
        "drink": "tea",
        "price": 2.5
      },
      {
        "drink": "coffee",
        "price": 2.8800000000000003
      }
    ],
    "answer": "Thank you! That is 2.88.",
    "discount": 0.0,
    "drink": "cocoa"
  },
  "inputs": {
    "coupon": null,
    "drink": "cocoa"
  },
  "conclusion": {
    "failed": {
      "cause": {
        "error": {
          "messages": [
            "there is no cocoa"
          ],
          "retryable": false
        }
      }
    }
  }
}"#;

/// Node `sell` at step 5 of the session `monday`, as it was recorded.
#[tokio::test]
async fn sell_fails_at_step_5() -> Result<(), Box<dyn std::error::Error>> {
    let fixture = burdock::testing::Fixture::from_json(SELL_FAILS_AT_STEP_5)?;
    let recorded = fixture.load::<Kiosk>()?;
    let test = sell::test(recorded.state())
        .resource::<Prices>("prices", Prices::of([("tea", 2.5), ("coffee", 3.2)]))
        .params(|params| params.thanks = Some("Thank you!".into()));
    recorded.compare(test).await?;
    Ok(())
}

/// Node `apologise` at step 5 of the session `monday`, as it was recorded.
#[tokio::test]
async fn apologise_at_step_5() -> Result<(), Box<dyn std::error::Error>> {
    let fixture = burdock::testing::Fixture::from_json(include_str!("apologise_at_step_5.json"))?;
    let recorded = fixture.load::<Kiosk>()?;
    let test = apologise::test(recorded.state())
        .params(|params| params.words = Some("I am sorry:".into()));
    recorded.compare(test).await?;
    Ok(())
}
