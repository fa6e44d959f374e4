# frozen_string_literal: true

RSpec.describe "halden" do
  it "reads what a bill says from its PDF, and no letter" do
    bills = gather("halden")

    expect(bills.map { |bill| bill[:amount] }).to eq %w[11253.96 5910.34 3548.80 3660.85]
    expect(bills.first).to include(
      account: "310 447 902", period_start: "2026-10-01", period_end: "2026-10-31", due_date: "2026-11-19",
      currency: "NOK", meter_reading: { value: "951.81", unit: "MWh" }
    )
  end
end
